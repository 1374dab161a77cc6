//! Writes the C programs whose objects the benches relocate: `small`, `medium`, `large`.
//!
//! Enters: a folder, a kernel's BTF, and those of other kernels. Leaves: three `.bpf.c` files in
//! the folder, which `build.sh` compiles. The choice of types is drawn from a fixed seed, so the
//! same BTFs give the same files everywhere; the other kernels have the types too, if not all
//! their fields. Records are of every kind but two: aya-obj 0.3 does not know `TYPE_MATCHES`, and
//! fails on the size of a type that the target lacks, so only usual types are asked for theirs.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use relocore::btf::{Btf, Kind, Type};
use relocore::owned::NameIndex;
use relocore::units::{StrOff, TypeId};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args_os().skip(1);
    let (Some(out), Some(btf)) = (args.next(), args.next()) else {
        return Err("usage: gen FOLDER BTF [OTHER-BTF]...".into());
    };
    let bytes = fs::read(btf)?;
    let mut slots = vec![0; 1 << 20];
    let mut types = Types::new(Btf::parse(&bytes, &mut slots)?)?;
    for other in args {
        let other = fs::read(other)?;
        types.keep_those_of(&NameIndex::new(&Btf::open(&other)?)?);
    }
    let medium = Recipe {
        structs: 32,
        enums: 10,
        records: 6,
    };
    let large = Recipe {
        structs: 161,
        enums: 62,
        records: 12,
    };
    let out = Path::new(&out);
    fs::write(out.join("small.bpf.c"), SMALL)?;
    for (name, recipe) in [("medium", &medium), ("large", &large)] {
        fs::write(
            out.join(name).with_extension("bpf.c"),
            program(&types, recipe),
        )?;
    }
    Ok(())
}

/// How much an object shall hold.
struct Recipe {
    /// Programs, each about a struct of its own.
    structs: usize,
    /// Enums, each in one of the first programs.
    enums: usize,
    /// Records that a program has at least.
    records: usize,
}

const HEAD: &str = r#"#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
char LICENSE[] SEC("license") = "GPL";
"#;

/// Two records of one root. It has no maps and can be loaded as it is: the row `process` does.
const SMALL: &str = r#"#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
char LICENSE[] SEC("license") = "GPL";
SEC("raw_tp/sys_enter") int small(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	return BPF_CORE_READ(task, real_parent, tgid);
}
"#;

/// What programs mostly ask about.
const USUAL: [&str; 15] = [
    "task_struct",
    "file",
    "inode",
    "dentry",
    "sock",
    "sk_buff",
    "mm_struct",
    "cred",
    "net_device",
    "super_block",
    "request",
    "bio",
    "cgroup",
    "nsproxy",
    "page",
];

/// A kernel's types, and those that a program may be about.
struct Types<'a> {
    btf: Btf<'a>,
    /// How many structs, unions and enums have that name.
    named: HashMap<&'a str, u32>,
    structs: Vec<Type<'a>>,
    enums: Vec<Type<'a>>,
}

/// A member with the type that its modifiers and typedefs end in.
struct Field<'a> {
    name: &'a str,
    bits: u32,
    ty: Type<'a>,
}

impl<'a> Types<'a> {
    fn new(btf: Btf<'a>) -> relocore::Result<Self> {
        let mut types = Self {
            btf,
            named: HashMap::new(),
            structs: Vec::new(),
            enums: Vec::new(),
        };
        for ty in btf.types() {
            let ty = ty?;
            if ty.kind().is_composite() || ty.kind().is_enum() {
                *types.named.entry(types.name(ty.name())).or_insert(0) += 1;
            }
        }
        for ty in btf.types() {
            let ty = ty?;
            if !types.is_good(&ty) {
                continue;
            }
            if ty.kind() == Kind::Struct && types.scalars(&ty).len() >= 4 {
                types.structs.push(ty);
            } else if ty.kind() == Kind::Enum && ty.vlen() >= 2 {
                types.enums.push(ty);
            }
        }
        Ok(types)
    }

    /// Forgets types that another kernel lacks.
    fn keep_those_of(&mut self, other: &NameIndex<'_>) {
        let btf = self.btf;
        let both = |ty: &Type<'_>| {
            let name = btf.name(ty.name()).unwrap_or_default();
            other.find(ty.kind(), name).is_some()
        };
        self.structs.retain(both);
        self.enums.retain(both);
    }

    fn name(&self, at: StrOff) -> &'a str {
        let name = self.btf.name(at).unwrap_or_default();
        core::str::from_utf8(name).unwrap_or_default()
    }

    /// Named as C can say it, and the only one of that name.
    fn is_good(&self, ty: &Type<'_>) -> bool {
        let name = self.name(ty.name());
        is_identifier(name) && !name.contains("___") && self.named.get(name) == Some(&1)
    }

    fn skip(&self, mut id: TypeId) -> Type<'a> {
        loop {
            let ty = self.btf.type_by_id(id).expect("the kernel's own ids exist");
            if !ty.kind().is_modifier() {
                return ty;
            }
            id = ty.referred();
        }
    }

    fn fields(&self, ty: &Type<'a>) -> Vec<Field<'a>> {
        let fields = ty.members().map(|member| Field {
            name: self.name(member.name),
            bits: member.bitfield.0,
            ty: self.skip(member.ty),
        });
        fields.filter(|field| is_identifier(field.name)).collect()
    }

    /// Members that an ordinary read gets whole.
    fn scalars(&self, ty: &Type<'a>) -> Vec<Field<'a>> {
        let mut fields = self.fields(ty);
        fields.retain(|field| {
            let fits = field.ty.own_size_bytes() <= 8;
            field.bits == 0
                && match field.ty.kind() {
                    Kind::Int | Kind::Enum => fits,
                    kind => kind == Kind::Ptr,
                }
        });
        fields
    }

    /// The good struct that a pointer points to.
    fn pointee(&self, field: &Field<'a>) -> Option<Type<'a>> {
        if field.ty.kind() != Kind::Ptr {
            return None;
        }
        let ty = self.skip(field.ty.referred());
        (ty.kind() == Kind::Struct && self.is_good(&ty) && !self.scalars(&ty).is_empty())
            .then_some(ty)
    }
}

fn is_identifier(name: &str) -> bool {
    // What C++ readers of vmlinux.h trip over is no problem here: no keyword is a kernel's name.
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ word >> 31) % end.max(1) as u64) as usize
    }

    fn one<'s, T>(&mut self, of: &'s [T]) -> Option<&'s T> {
        of.get(self.below(of.len()))
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.below(end + 1));
        }
    }
}

/// The statements of one program, and how many records they make.
struct Body {
    text: String,
    records: usize,
}

impl Body {
    fn say(&mut self, records: usize, statement: &str) {
        self.records += records;
        let _ = writeln!(self.text, "\t{statement}");
    }
}

fn program(types: &Types<'_>, recipe: &Recipe) -> String {
    let mut random = Random(7);
    let usual = |ty: &&Type<'_>| USUAL.contains(&types.name(ty.name()));
    let mut structs: Vec<_> = types.structs.iter().filter(|ty| !usual(ty)).collect();
    random.shuffle(&mut structs);
    let mut picked: Vec<_> = types.structs.iter().filter(usual).collect();
    picked.truncate(recipe.structs / 2);
    picked.extend(structs);
    picked.truncate(recipe.structs);
    let mut enums: Vec<_> = types.enums.iter().collect();
    random.shuffle(&mut enums);
    enums.truncate(recipe.enums);

    let (mut flavors, mut programs) = (String::new(), String::new());
    for (nth, ty) in picked.into_iter().enumerate() {
        let mut body = Body {
            text: String::new(),
            records: 0,
        };
        let asked = enums.get(nth).copied();
        flavors += &about(types, recipe, nth, ty, asked, &mut random, &mut body);
        let (name, text) = (types.name(ty.name()), &body.text);
        let _ = write!(
            programs,
            "SEC(\"raw_tp/sys_enter\") int p{nth}(struct bpf_raw_tracepoint_args *ctx)\n{{\n\t\
             struct {name} *p = (void *)ctx->args[0];\n\t__u64 v = 0;\n{text}\treturn v;\n}}\n"
        );
    }
    format!("{HEAD}{flavors}{programs}")
}

/// Asks about one struct, and one enum; returns the flavors that must be declared.
fn about<'a>(
    types: &Types<'a>,
    recipe: &Recipe,
    nth: usize,
    ty: &Type<'a>,
    asked: Option<&Type<'a>>,
    random: &mut Random,
    body: &mut Body,
) -> String {
    let name = types.name(ty.name());
    let mut scalars = types.scalars(ty);
    random.shuffle(&mut scalars);
    let mut flavor = String::new();

    let pointers: Vec<_> = scalars
        .iter()
        .filter_map(|field| Some((field, types.pointee(field)?)))
        .collect();
    if let Some((field, inner)) = random.one(&pointers) {
        let inner = types.scalars(inner);
        if let Some(inner) = random.one(&inner) {
            let read = format!(
                "v += (__u64)BPF_CORE_READ(p, {}, {});",
                field.name, inner.name
            );
            body.say(2, &read);
        }
    }
    let inside: Vec<_> = types
        .fields(ty)
        .into_iter()
        .filter(|field| field.ty.kind() == Kind::Struct && types.is_good(&field.ty))
        .collect();
    if let Some(outer) = random.one(&inside)
        && let Some(inner) = random.one(&types.scalars(&outer.ty))
    {
        let read = format!(
            "v += (__u64)BPF_CORE_READ(p, {}.{});",
            outer.name, inner.name
        );
        body.say(1, &read);
    }
    let bitfields: Vec<_> = types
        .fields(ty)
        .into_iter()
        .filter(|f| f.bits > 0)
        .collect();
    if nth.is_multiple_of(4)
        && let Some(field) = random.one(&bitfields)
    {
        let read = format!("v += BPF_CORE_READ_BITFIELD_PROBED(p, {});", field.name);
        body.say(5, &read);
    }
    let of_type = if USUAL.contains(&name) {
        "size"
    } else {
        "exists"
    };
    body.say(1, &format!("v += bpf_core_type_{of_type}(struct {name});"));
    if let [first, .., last] = &scalars[..] {
        let text = format!(
            "if (bpf_core_field_exists(p->{})) v += bpf_core_field_size(p->{});",
            first.name, last.name
        );
        body.say(2, &text);
    }
    let int = scalars.iter().find(|field| field.ty.kind() == Kind::Int);
    if nth % 5 == 4
        && let Some(field) = int
    {
        let bits = field.ty.own_size_bytes() * 8;
        let _ = writeln!(
            flavor,
            "struct {name}___old {{ __u{bits} {}; int gone; }} __attribute__((preserve_access_index));",
            field.name
        );
        let read = format!(
            "struct {name}___old *old = (void *)p; v += BPF_CORE_READ(old, {}); \
             if (bpf_core_field_exists(old->gone)) v++;",
            field.name
        );
        body.say(2, &read);
    }
    if let Some(asked) = asked {
        let values: Vec<_> = asked.enumerators().map(|e| types.name(e.name)).collect();
        if let Some(value) = random.one(&values) {
            let name = types.name(asked.name());
            let text = format!(
                "if (bpf_core_enum_value_exists(enum {name}, {value})) \
                 v += bpf_core_enum_value(enum {name}, {value});"
            );
            body.say(2, &text);
        }
    }
    for field in scalars.iter().cycle() {
        if body.records >= recipe.records {
            break;
        }
        body.say(1, &format!("v += (__u64)BPF_CORE_READ(p, {});", field.name));
    }
    flavor
}
