//! From a seed to a program and the target that it meets.
//!
//! Enters: a seed and kernels to derive types from. Leaves: a [`Case`], the same for the same seed.

use fastrand::Rng;
use relocore::btf::{Btf, Kind};
use relocore::{Endian, TypeId};

use super::access::{self, Local};
use super::btf;
use super::import::Import;
use super::mutate::{flavor, mutate};
use super::program::{Access, Function, Insn, Program, Record};
use super::types::{Id, Ty, Types};

/// A program and its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The program.
    pub program: Program,
    /// What it is to be relocated for.
    pub target: Target,
}

/// BTF to relocate for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Of the kernel that the types come from; with its modules?
    Kernel(bool),
    /// Made up.
    Made(Made),
}

/// A target that no kernel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its byte order.
    pub endian: Endian,
    /// Types of vmlinux, then those of the module.
    pub types: Types,
    /// Number of the first type that is the module's; as many as types if there is no module.
    pub split: Id,
}

impl Made {
    /// BTF of vmlinux, and of the module if there is one.
    pub fn btf(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut base = self.types.clone();
        base.all.truncate(self.split);
        let vmlinux = btf::write(&base, 1, None, self.endian);
        let module = (self.split < self.types.all.len())
            .then(|| btf::write(&self.types, self.split, Some(&vmlinux), self.endian).bytes());
        (vmlinux.bytes(), module)
    }
}

/// The names of a kernel's types that programs may start from.
#[derive(Debug)]
pub struct Roots(Vec<(Kind, TypeId)>);

impl Roots {
    /// Finds them.
    pub fn of(btf: &Btf<'_>) -> Self {
        let named = btf.types().filter_map(|ty| {
            let ty = ty.ok()?;
            let name = btf.name(ty.name()).ok()?;
            let kind = ty.kind();
            let wanted = matches!(
                kind,
                Kind::Struct
                    | Kind::Union
                    | Kind::Enum
                    | Kind::Enum64
                    | Kind::Typedef
                    | Kind::Func
                    | Kind::Int
            );
            (wanted && !name.is_empty()).then_some((kind, ty.id()))
        });
        Self(named.collect())
    }

    fn pick(&self, rng: &mut Rng) -> TypeId {
        let wanted: &[Kind] = match rng.u8(..20) {
            0..=12 => &[Kind::Struct],
            13 => &[Kind::Union],
            14..=15 => &[Kind::Enum, Kind::Enum64],
            16..=17 => &[Kind::Typedef],
            18 => &[Kind::Func],
            _ => &[Kind::Int],
        };
        loop {
            let (kind, id) = self.0[rng.usize(..self.0.len())];
            if wanted.contains(&kind) {
                return id;
            }
        }
    }
}

impl Case {
    /// The case of that seed, of types of that kernel.
    pub fn new(seed: u64, btf: &Btf<'_>, roots: &Roots) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut import = Import::new(btf, &mut rng);
        let mut taken = Vec::new();
        for _ in 0..import.rng().usize(1..4) {
            let root = roots.pick(import.rng());
            taken.push(import.take(root, 3));
        }
        let original = import.types;
        let mut local = original.clone();
        let changes = rng.usize(..original.all.len() / 2 + 2);
        mutate(&mut local, changes, &mut rng);
        for root in &taken {
            if rng.u8(..3) == 0 {
                flavor(&mut local, *root, &mut rng);
            }
        }
        let target = match rng.u8(..10) {
            0..=2 => Target::Kernel(rng.bool()),
            _ => Target::Made(made(original, &taken, &mut rng)),
        };
        // Any other named type may be a root too.
        let mut starts = taken;
        for id in 3..local.all.len() {
            if !local.name(id).is_empty() && rng.u8(..6) == 0 {
                starts.push(id);
            }
        }
        if rng.u8(..50) == 0 {
            starts.push(rng.usize(1..local.all.len()));
        }
        let program = program(local, &starts, &mut rng);
        Self { program, target }
    }
}

fn any_endian(rng: &mut Rng) -> Endian {
    if rng.u8(..3) == 0 {
        Endian::Big
    } else {
        Endian::Little
    }
}

/// The types once more, changed in other ways, some of them twice, some only in a module.
fn made(mut types: Types, roots: &[Id], rng: &mut Rng) -> Made {
    if rng.u8(..10) == 0 {
        types.pointer_bytes = 4;
        if let Ty::Int(long) = &mut types.all[2] {
            long.bytes = 4;
        }
    }
    for root in roots {
        if rng.u8(..4) == 0 {
            twin(&mut types, *root, rng);
        }
    }
    let changes = rng.usize(..4);
    mutate(&mut types, changes, rng);
    let split = types.all.len();
    if rng.u8(..4) == 0 {
        for root in roots {
            let name = types.name(*root).to_owned();
            twin(&mut types, *root, rng);
            if rng.bool()
                && let Some(known) = types.name_mut(*root)
            {
                *known = format!("not_{name}"); // only the module has it
            }
        }
    }
    Made {
        endian: any_endian(rng),
        types,
        split,
    }
}

/// Another type of that name, or of that name but for its flavor; it may differ in its members.
fn twin(types: &mut Types, root: Id, rng: &mut Rng) {
    let mut copy = types.all[root].clone();
    if let Ty::Composite(one) = &mut copy
        && !one.members.is_empty()
    {
        let nth = rng.usize(..one.members.len());
        match rng.u8(..4) {
            0 => drop(one.members.remove(nth)),
            1 => one.members[nth].name += "_twin",
            2 => one.members.swap(0, nth),
            _ => {}
        }
    }
    let id = types.add(copy);
    if rng.bool()
        && let Some(name) = types.name_mut(id)
    {
        *name += "___2";
    }
    types.lay_out(id, false);
}

/// Functions with an instruction for each question.
fn program(types: Types, starts: &[Id], rng: &mut Rng) -> Program {
    let sections = ["socket", "raw_tp/one", ".text", "tp_btf/two"];
    let mut functions = Vec::new();
    for _ in 0..rng.usize(1..4) {
        let section = sections[rng.usize(..sections.len())].to_owned();
        functions.push(Function {
            section,
            named: rng.u8(..20) > 0,
            insns: Vec::new(),
        });
    }
    functions.sort_by(|one: &Function, other| one.section.cmp(&other.section));
    // Most programs are a compiler's; the others have a mistake in every few records.
    let wild = rng.u8(..4) == 0;
    let mut records = Vec::new();
    for _ in 0..rng.usize(1..40) {
        let root = starts[rng.usize(..starts.len())];
        let function = rng.usize(..functions.len());
        let insns = &mut functions[function].insns;
        if rng.u8(..6) == 0 {
            insns.push(Insn {
                imm: rng.i64(..),
                ..Insn::new(Insn::WIDE)
            }); // two slots
        }
        let (access, kind, insn) = question(&types, root, wild, rng);
        // Two records of one instruction: not where libbpf's answer may be another, as it then
        // depends on the other record whether that is seen.
        let again = wild && rng.u8(..50) == 0 && !insns.is_empty() && ![4, 11].contains(&kind);
        if !again {
            insns.push(insn);
        }
        records.push(Record {
            function,
            insn: insns.len() - 1,
            skew: if wild && rng.u16(..500) == 0 { 4 } else { 0 },
            root,
            access,
            kind,
        });
    }
    for function in &mut functions {
        function.insns.extend([Insn::ZERO, Insn::EXIT]);
    }
    // Mostly sorted, as compilers and linkers leave them.
    if rng.u8(..10) > 0 {
        records.sort_by_key(|record| (record.function, record.insn));
    }
    Program {
        endian: any_endian(rng),
        types,
        functions,
        records,
    }
}

/// An access, a kind, and the instruction that a compiler writes for them.
fn question(types: &Types, root: Id, wild: bool, rng: &mut Rng) -> (Access, u32, Insn) {
    const FIELD: [u32; 10] = [0, 0, 0, 0, 0, 1, 2, 3, 4, 5];
    const TYPE: [u32; 5] = [6, 7, 8, 9, 12];
    let base = types.bare(root);
    let mut kind = match &types.all[base] {
        _ if wild && rng.u8(..20) == 0 => rng.u32(..15), // any, also unknown ones
        Ty::Composite(_) | Ty::Array(..) if rng.u8(..6) > 0 => FIELD[rng.usize(..FIELD.len())],
        Ty::Enum(_) if rng.u8(..6) > 0 => rng.u32(10..12),
        _ => TYPE[rng.usize(..TYPE.len())],
    };
    if kind == 9 && !wild && !types.is_sized(root) {
        kind = 8;
    }
    let mut found = None;
    let (path, value) = match kind {
        0..=5 => {
            let path = access::path(types, root, rng);
            found = access::follow(types, root, &path);
            // An element has neither sign nor shifts.
            if kind > 2 && !wild && found.is_some_and(|found| found.is_element) {
                kind %= 3;
            }
            let value = found.map_or(0, |found| of_field(types, kind, found));
            (path, value)
        }
        10 | 11 => {
            let Ty::Enum(one) = &types.all[base] else {
                return (Access::Path(vec![0]), kind, arithmetic(0, wild, rng));
            };
            // Sometimes one too far.
            let beyond = wild && rng.u8(..20) == 0 || one.values.is_empty();
            let nth = rng.usize(..one.values.len() + usize::from(beyond));
            let value = one.values.get(nth).map_or(0, |(_, value)| *value);
            let path = vec![u32::try_from(nth).expect("a few")];
            (path, if kind == 10 { 1 } else { value })
        }
        9 => (vec![0], i64::from(types.bytes(root))),
        8 | 12 => (vec![0], 1),
        _ => (vec![0], i64::try_from(root).expect("a few")),
    };
    let wrong = wild && rng.u8(..20) == 0;
    let value = if wrong { value + 1 } else { value };
    let insn = match (kind, found) {
        (0, Some(found)) if rng.u8(..3) > 0 => memory(types, found, value, wild, rng),
        _ => arithmetic(value, wild, rng),
    };
    let bad = ["", ":", "0:", ":0", "0::1", "1:x", "0:99999", "77777"];
    let access = match rng.u8(..50) {
        0 if wild => Access::Text(bad[rng.usize(..bad.len())]),
        1 if wild => Access::Path(vec![0; rng.usize(60..70)]),
        _ => Access::Path(path),
    };
    (access, kind, insn)
}

/// What the compiler writes: of bitfields its own choice of a load, which need not be libbpf's.
fn of_field(types: &Types, kind: u32, found: Local) -> i64 {
    let bits = if found.width > 0 {
        u64::from(found.width)
    } else {
        u64::from(types.bytes(found.ty)) * 8
    };
    let value = match kind {
        0 => found.offset / 8,
        1 => u64::from(types.bytes(found.ty)),
        2 => 1,
        3 => u64::from(access::is_signed(types, found.ty)),
        // A field that is no bitfield is loaded whole, to the low end.
        4 if found.width == 0 => u64::from(64u32.wrapping_sub(bits as u32)),
        4 => (found.offset % 8) & 63,
        _ => u64::from(64u32.wrapping_sub(bits as u32)),
    };
    value.cast_signed()
}

/// A load or store of a field's size, in every mode.
fn memory(types: &Types, found: Local, value: i64, wild: bool, rng: &mut Rng) -> Insn {
    let Ok(off) = i16::try_from(value) else {
        return arithmetic(value, wild, rng);
    };
    let size = match access::element_bytes(types, found.ty) {
        _ if wild && rng.u8(..20) == 0 => [0x00, 0x08, 0x10, 0x18][rng.usize(..4)],
        1 => 0x10,
        2 => 0x08,
        4 => 0x00,
        _ => 0x18,
    };
    // Plain, sign-extending, atomic; load, store of an immediate, store.
    let (mode, class) = [
        (0x60, 1),
        (0x60, 1),
        (0x60, 3),
        (0x60, 2),
        (0x80, 1),
        (0xc0, 3),
    ][rng.usize(..6)];
    Insn {
        dst: rng.u8(..10),
        src: rng.u8(..11),
        off,
        imm: i64::from(rng.i32(..)),
        ..Insn::new(mode | size | class)
    }
}

/// An addition or move of 32 or 64 bits, a load of 64, or what holds no such value.
fn arithmetic(value: i64, wild: bool, rng: &mut Rng) -> Insn {
    let code = match rng.u8(..40) {
        0 if wild => 0x05, // goto
        1 if wild => 0xbf, // rX = rY
        2..=10 => 0xb4,    // wX = imm
        11..=15 => 0x07,   // rX += imm
        16..=25 => Insn::WIDE,
        _ => 0xb7, // rX = imm
    };
    let fits = i32::try_from(value).is_ok() || code == 0xb4 && u32::try_from(value).is_ok();
    Insn {
        dst: rng.u8(..10),
        src: if code == Insn::WIDE && rng.u8(..30) == 0 {
            1
        } else {
            0
        },
        imm: value,
        ..Insn::new(if fits { code } else { Insn::WIDE })
    }
}
