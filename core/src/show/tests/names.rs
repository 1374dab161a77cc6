//! Names, types and paths.

extern crate std;

use std::string::{String, ToString};
use std::vec::Vec;

use super::super::{Answer, Name, Path, RecordPath, TypeName};
use crate::btf::Btf;
use crate::relo::{RelocKind, Spec};
use crate::testing::{BOTH, Builder, M, SIGNED, UNSIGNED, m};
use crate::units::{Endian, StrOff, TypeId};

use RelocKind::*;

#[test]
fn names_are_safe_to_print() {
    for (name, text) in [
        (&b"task_struct___v2"[..], "task_struct___v2"),
        (b"unsigned int", "unsigned int"),
        (b"", ""),
        ("größe_名".as_bytes(), "größe_名"),
        (b"a\nb\tc\0d", r"a\nb\tc\u{0}d"),
        (b"\x1b[31mred", r"\u{1b}[31mred"),
        (b"back\\slash", r"back\\slash"),
        (b"\xff\xfe", r"\xff\xfe"),
        ("x\u{202e}y\u{200b}z".as_bytes(), r"x\u{202e}y\u{200b}z"),
        (b"cut \xe2\x82", r"cut \xe2\x82"),
    ] {
        assert_eq!(Name(name).to_string(), text);
    }
    let long = [b'x'; 5000];
    let text = Name(&long).to_string();
    assert_eq!(text.len(), 512 + "…".len());
    assert!(text.ends_with("x…"));
}

fn type_name(b: &Builder, id: TypeId) -> String {
    let [one, other] = BOTH.map(|endian| {
        let bytes = b.finish(endian);
        TypeName::new(&Btf::parse(&bytes, &mut [0; 64]).unwrap(), id).to_string()
    });
    assert_eq!(one, other);
    one
}

#[test]
fn types_as_c_has_them() {
    let mut b = Builder::new();
    let int = b.add_int("unsigned int", 4, UNSIGNED);
    let task = b.add_struct("task_struct", 8, &[]);
    let anonymous = b.add_struct("", 8, &[]);
    let union = b.add_union("u", 8, &[]);
    let nameless_union = b.add_union("", 8, &[]);
    let pid_type = b.add_enum("pid_type", &[]);
    let wide = b.add_enum64("", &[]);
    let fwd = b.add_fwd("later", false);
    let fwd_union = b.add_fwd("later", true);
    let float = b.add_float("double", 8);
    let typedef = b.add_typedef("u32", int);
    let to_task = b.add_ptr(task);
    let to_to_task = b.add_ptr(to_task);
    let to_void = b.add_ptr(TypeId::VOID);
    let constant = b.add_const(task);
    let to_const = b.add_ptr(constant);
    let const_ptr = b.add_const(to_task);
    let to_const_ptr = b.add_ptr(const_ptr);
    let rcu = b.add_type_tag("rcu", task);
    let to_rcu = b.add_ptr(rcu);
    let ints = b.add_array(int, 3);
    let matrix = b.add_array(ints, 2);
    let flexible = b.add_array(to_task, 0);
    let to_ints = b.add_ptr(ints);
    let f = b.add_func_proto(int, &[("t", to_task), ("", TypeId::VOID)]);
    let to_f = b.add_ptr(f);
    let to_fs = b.add_array(to_f, 4);
    let handler = b.add_func_proto(to_f, &[]);
    let name = b.add_string("bpf_get");
    let function = b.add_raw(name, 12 << 24, f.0, &[]);
    for (id, text) in [
        (TypeId::VOID, "void"),
        (int, "unsigned int"),
        (task, "struct task_struct"),
        (anonymous, "struct (anon)"),
        (union, "union u"),
        (nameless_union, "union (anon)"),
        (pid_type, "enum pid_type"),
        (wide, "enum (anon)"),
        (fwd, "struct later"),
        (fwd_union, "union later"),
        (float, "double"),
        (typedef, "u32"),
        (to_task, "struct task_struct *"),
        (to_to_task, "struct task_struct **"),
        (to_void, "void *"),
        (to_const, "const struct task_struct *"),
        (const_ptr, "struct task_struct *const"),
        (to_const_ptr, "struct task_struct *const *"),
        (to_rcu, "struct task_struct __rcu *"),
        (ints, "unsigned int[3]"),
        (matrix, "unsigned int[2][3]"),
        (flexible, "struct task_struct *[]"),
        (to_ints, "unsigned int (*)[3]"),
        (f, "unsigned int(struct task_struct *, ...)"),
        (to_f, "unsigned int (*)(struct task_struct *, ...)"),
        (to_fs, "unsigned int (*[4])(struct task_struct *, ...)"),
        (handler, "unsigned int (*(void))(struct task_struct *, ...)"),
        (function, "bpf_get"),
        (TypeId(999), "(bad type)"),
    ] {
        assert_eq!(type_name(&b, id), text);
    }
}

#[test]
fn types_without_end() {
    let mut b = Builder::new();
    let own = b.next();
    let ptr = b.add_raw(StrOff::EMPTY, 2 << 24, own.0, &[]);
    let text = type_name(&b, ptr);
    assert!(
        text.starts_with('…') && text.ends_with("***") && text.len() < 50,
        "{text}"
    );
    // Functions of functions, 8 parameters each: 8^30 brackets.
    let mut f = b.add_func_proto(TypeId::VOID, &[]);
    for _ in 0..30 {
        f = b.add_func_proto(f, &[("", f); 8]);
    }
    let text = type_name(&b, f);
    assert!(
        text.len() <= 512 + "…".len() && text.ends_with('…'),
        "{text}"
    );
    let bad = b.add_raw(StrOff(1 << 30), 4 << 24, 0, &[]);
    assert_eq!(type_name(&b, bad), "struct (bad name)");
    let constant = b.next();
    let constant = b.add_const(constant);
    assert!(type_name(&b, constant).len() < 512);
}

fn paths() -> (Builder, [TypeId; 4]) {
    let mut b = Builder::new();
    let int = b.add_int("int", 4, SIGNED);
    let y = b.add_array(int, 4);
    let inner = b.add_struct("in", 20, &[m("x", int, 0), m("y", y, 32)]);
    let arr = b.add_array(inner, 3);
    let deepest = b.add_struct("", 4, &[m("q", int, 0)]);
    let union = b.add_union("", 4, &[m("", deepest, 0)]);
    let s = b.add_struct("S", 64, &[m("arr", arr, 0), m("", union, 480)]);
    let task = b.add_struct("task_struct___old", 8, &[m("state", int, 0)]);
    let e = b.add_enum("E", &[("EA", 0), ("EB", 1)]);
    (b, [s, task, union, e])
}

#[test]
fn paths_as_c_has_them() {
    let (mut b, [s, task, anonymous, e]) = paths();
    let typedef = b.add_typedef("sys_t", anonymous);
    let nameless = b.add_enum("", &[("N", 1)]);
    for (ty, access, kind, text) in [
        (s, "0:0", FieldByteOffset, "S.arr"),
        (s, "0", FieldByteSize, "S"),
        (s, "3", FieldByteOffset, "S[3]"),
        (s, "0:0:1:1:3", FieldByteOffset, "S.arr[1].y[3]"),
        (s, "2:0:0:0", FieldExists, "S[2].arr[0].x"),
        (s, "0:1:0:0", FieldSigned, "S.q"),
        (task, "0:0", FieldExists, "task_struct___old.state"),
        (anonymous, "0:0:0", FieldByteOffset, "(anon union).q"),
        (typedef, "0:0:0", FieldByteOffset, "sys_t.q"),
        (e, "1", EnumvalValue, "E::EB"),
        (nameless, "0", EnumvalExists, "(anon enum)::N"),
        (task, "0", TypeExists, "task_struct___old"),
        (TypeId(1), "0", TypeSize, "int"),
        // What does not fit is shown as it is.
        (s, "0:9", FieldByteOffset, "S + 0:9"),
        (s, "x", FieldByteOffset, "S + x"),
        (s, "0:0", TypeExists, "S + 0:0"),
        (e, "2", EnumvalValue, "E + 2"),
        (TypeId(99), "0:1", FieldExists, "(bad type) + 0:1"),
    ] {
        let record = b.record(ty, access, kind);
        let bytes = b.finish(Endian::Big);
        let btf = Btf::parse(&bytes, &mut []).unwrap();
        assert_eq!(RecordPath::new(&btf, &record).to_string(), text);
        if let Ok(spec) = Spec::parse(&btf, ty, access.as_bytes(), kind) {
            assert_eq!(Path::new(&btf, &spec, kind).to_string(), text);
        }
    }
    let record = crate::ext::CoreRelo {
        kind: 77,
        ..b.record(s, "0:0", FieldExists)
    };
    let bytes = b.finish(Endian::Little);
    let btf = Btf::parse(&bytes, &mut []).unwrap();
    assert_eq!(RecordPath::new(&btf, &record).to_string(), "S + 0:0");
    let record = crate::ext::CoreRelo {
        access: StrOff(1 << 20),
        ..record
    };
    assert_eq!(RecordPath::new(&btf, &record).to_string(), "S + (bad name)");
}

#[test]
fn paths_are_bounded() {
    let mut b = Builder::new();
    let own = b.next();
    let name = "n".repeat(400);
    let members: Vec<M<'_>> = Vec::from([m(&name, own, 0)]);
    let s = b.add_struct("S", 4, &members);
    let record = b.record(s, &("0".to_string() + &":0".repeat(60)), FieldExists);
    let bytes = b.finish(Endian::Little);
    let btf = Btf::parse(&bytes, &mut []).unwrap();
    let text = RecordPath::new(&btf, &record).to_string();
    assert_eq!(text.len(), 1024 + "…".len());
}

#[test]
fn answers_say_what_they_mean() {
    for (kind, value, text) in [
        (FieldByteOffset, 1188, "at byte 1188"),
        (FieldByteSize, 1, "1 byte"),
        (TypeSize, 8, "8 bytes"),
        (FieldExists, 1, "exists"),
        (EnumvalExists, 0, "does not exist"),
        (TypeMatches, 0, "does not match"),
        (FieldSigned, 0, "unsigned"),
        (FieldLshift, 63, "shifted left by 63 bits"),
        (FieldRshift, 57, "shifted right by 57 bits"),
        (TypeIdLocal, 3, "type 3 of the object"),
        (TypeIdTarget, 3, "type 3 of the kernel"),
        (EnumvalValue, (-2i64).cast_unsigned(), "equal to -2"),
    ] {
        assert_eq!(Answer::new(kind, value).to_string(), text);
    }
}
