//! Everything that can be done with bytes, done: parsed, walked, printed, resolved, patched.
//!
//! Enters: bytes from anyone. Leaves: nothing; what is promised of any bytes is asserted here, so
//! that the fuzz targets, the mutation tests and the replay of old finds hold the core to the same.
//! A function here panics only if the core did, or broke a promise.

use core::fmt::{self, Write as _};

use relocore::btf::{Btf, Type, essential_name, flavor};
use relocore::elf::{Object, ProgramRange, ProgramTable};
use relocore::ext::{Ext, Groups, Record};
use relocore::insn::{Insn, Place, apply};
use relocore::relo::{Mismatch, Outcome, RelocKind, Resolution, TargetType, Validate, Why};
use relocore::show::{ErrorText, TypeName};
use relocore::{Endian, Error, TypeId};

use crate::relocate::{BadObject, print, relocate};

/// No text of one type, path or reason is longer, in bytes.
const MAX_TEXT: usize = 16 << 10;

/// Types, up to which what takes the square of their number is done.
const SMALL: u32 = 4096;

/// Counts what is printed, without keeping it.
struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// Prints `what`; its text must end.
pub(crate) fn printed(what: &impl fmt::Display) {
    let mut length = Length(0);
    write!(length, "{what}").expect("nothing but the writer fails");
    assert!(length.0 <= MAX_TEXT, "a text of {} bytes", length.0);
}

/// An error has words for its cause and its place.
fn told(error: Error) {
    printed(&error);
    assert!(error.to_string().contains(", "), "no place: {error}");
}

/// BTF: the same types whatever the index holds; every type's everything; split on itself.
pub fn btf(bytes: &[u8]) {
    let mut all = vec![0; bytes.len() / 12 + 1];
    let direct = match Btf::parse(bytes, &mut all) {
        Ok(btf) => btf,
        Err(error) => {
            told(error);
            // Opening checks less, and a walk then ends at its first error.
            if let Ok(open) = Btf::open(bytes) {
                let ends = open.types().filter(Result::is_err).count();
                assert!(ends <= 1, "a walk went on behind its error");
                assert_eq!(open.types().any(|ty| ty.is_err()), open.last_id().is_err());
            }
            for slots in [0, 1, 64] {
                assert_eq!(Btf::parse(bytes, &mut vec![0; slots]).err(), Some(error));
            }
            return;
        }
    };
    walk(&direct);
    let last = direct.last_id().expect("known since the parse");
    let valid = direct.validate();
    if let Err(error) = valid {
        told(error);
    }
    for slots in [0, 1, 7, 64] {
        let mut slots = vec![0; slots];
        let sparse = Btf::parse(bytes, &mut slots).expect("another index is no other input");
        assert_eq!(sparse.last_id().ok(), Some(last));
        assert_eq!(sparse.pointer_bytes(), direct.pointer_bytes());
        // Every function looks up its type, which without an index is a walk.
        if last.0 < SMALL {
            assert_eq!(sparse.validate(), valid);
        }
        // Some ids in all of the range: without slots each is a walk from the start.
        for id in (0..=last.0)
            .step_by(last.0 as usize / 16 + 1)
            .chain([last.0])
        {
            let (one, other) = (direct.type_by_id(TypeId(id)), sparse.type_by_id(TypeId(id)));
            assert!(same(one.as_ref().ok(), other.as_ref().ok()), "type {id}");
        }
    }
    // Nothing in it need fit a base, but nothing may break either.
    let mut own = vec![0; 16];
    match Btf::parse_split(bytes, &direct, &mut own) {
        Ok(split) => {
            assert_eq!(split.first_id(), TypeId(last.0 + 1));
            assert_eq!(split.types().count(), direct.types().count());
            for ty in split.types().chain(direct.types()).take(64) {
                let id = ty.expect("walked before").id();
                let found = split.type_by_id(id).expect("walked before");
                assert_eq!(found.id(), id);
                about(&split, &found);
            }
            if last.0 < SMALL {
                let _ = split.validate().map_err(told);
            }
        }
        Err(error) => told(error),
    }
}

fn same(one: Option<&Type<'_>>, other: Option<&Type<'_>>) -> bool {
    let parts = |ty: &Type<'_>| {
        let tail = (ty.tail().as_ptr(), ty.tail().len());
        (ty.id(), ty.name(), ty.kind(), ty.own_size_bytes(), tail)
    };
    one.map(parts) == other.map(parts)
}

/// Every type in order, by id, and all about it.
fn walk(btf: &Btf<'_>) {
    let mut next = btf.first_id();
    for ty in btf.types() {
        let ty = ty.expect("the parse has walked all records");
        assert_eq!(ty.id(), next);
        next = TypeId(next.0 + 1);
        assert!(same(Some(&ty), btf.type_by_id(ty.id()).ok().as_ref()));
        about(btf, &ty);
    }
    assert_eq!(btf.last_id().ok(), Some(TypeId(next.0 - 1)));
    let beyond = btf.type_by_id(next).expect_err("there is no such type");
    told(beyond);
    printed(&ErrorText::new(btf, beyond));
    assert!(btf.type_by_id(TypeId(u32::MAX)).is_err());
}

fn about(btf: &Btf<'_>, ty: &Type<'_>) {
    if let Ok(name) = btf.name(ty.name()) {
        assert!(!name.contains(&0));
        assert_eq!(btf.name_is(ty.name(), name), Ok(true));
        assert!(name.starts_with(essential_name(name)));
        assert!(flavor(name).is_none_or(|flavor| name.ends_with(flavor)));
    }
    let id = ty.id();
    printed(&TypeName::new(btf, id));
    printed(&ty.kind().name());
    let chain = [btf.skip_mods(id).err(), btf.innermost_element(id).err()];
    let sizes = [btf.size_bytes(id).err(), btf.align_bytes(id).err()];
    for error in chain.into_iter().chain(sizes).flatten() {
        printed(&error);
        printed(&ErrorText::new(btf, error));
    }
    if let Ok(align) = btf.align_bytes(id) {
        assert!(align >= 1);
    }
    let members = ty.members();
    assert_eq!(members.len() as usize, members.count());
    assert_eq!(ty.members().get(members.len()), None);
    let enumerators = ty.enumerators();
    assert_eq!(enumerators.len() as usize, enumerators.count());
    assert_eq!(enumerators.get(enumerators.len()), None);
    assert_eq!(ty.params().len() as usize, ty.params().count());
    assert_eq!(ty.section_vars().len() as usize, ty.section_vars().count());
    let _ = (ty.int(), ty.array(), ty.linkage(), ty.component());
}

/// `.BTF.ext`: all lists, by group and in one go.
pub fn ext(bytes: &[u8]) {
    fn list<R: Record + PartialEq + fmt::Debug>(groups: Groups<'_, R>) {
        let mut flat = groups.records();
        let mut count = 0;
        for group in groups.iter() {
            assert_eq!(group.iter().count(), group.len() as usize);
            assert_eq!(group.get(group.len()), None);
            for (record, index) in group.into_iter().zip(0..) {
                let entry = flat.next().expect("as many as the groups have");
                assert_eq!((entry.record, entry.index), (record, index));
                assert_eq!(entry.section, group.section());
                assert_eq!(entry.at, group.record_at(index));
                count += 1;
            }
        }
        assert_eq!(flat.next(), None);
        assert_eq!(count, groups.count());
    }
    match Ext::parse(bytes) {
        Ok(ext) => {
            list(ext.core_relos());
            list(ext.func_infos());
            list(ext.line_infos());
        }
        Err(error) => told(error),
    }
}

/// An ELF object: sections, symbols, relocations, programs, and its BTF sections in turn.
pub fn elf(bytes: &[u8]) {
    let object = match Object::parse(bytes) {
        Ok(object) => object,
        Err(error) => return told(error),
    };
    for section in object.sections() {
        let name = section.name();
        if let Ok(name) = name {
            assert!(section.is_named(name));
            let found = object.section_by_name(name);
            assert!(found.is_none_or(|found| found.index() <= section.index()));
        }
        let _ = (section.kind(), section.flags(), section.entry_bytes());
        let ends = section.relocations().filter(Result::is_err).count();
        assert!(ends <= 1, "relocations went on behind their error");
        if let Err(error) = section.data() {
            told(error);
        }
    }
    assert!(object.section(object.section_count()).is_err());
    if let Ok(symbols) = object.symbols() {
        for symbol in symbols.iter() {
            if let Err(error) = symbol.name() {
                told(error);
            }
            let _ = (symbol.kind(), symbol.binding(), symbol.visibility());
            let _ = (symbol.section(), symbol.value(), symbol.size());
        }
        assert!(symbols.get(symbols.len()).is_err());
    }
    programs(object);
    let _ = object.license();
    if let Ok(bytes) = object.btf() {
        btf(bytes);
    }
    if let Ok(Some(bytes)) = object.btf_ext() {
        ext(bytes);
    }
}

fn programs(object: Object<'_>) {
    let Ok(programs) = object.programs() else {
        return;
    };
    let mut buffer = vec![ProgramRange::EMPTY; programs.clone().count()];
    for program in programs {
        match program {
            Ok(program) => assert_eq!(program.insns.len(), program.size_bytes as usize),
            Err(error) => told(error),
        }
    }
    match ProgramTable::build(object, &mut buffer) {
        Ok(table) => {
            for range in table.ranges() {
                // Programs may overlap: whichever is found has that instruction.
                let found = table.find(range.section, range.offset_bytes);
                assert!(found.is_some_and(|found| found.contains(range.offset_bytes)));
            }
        }
        Err(error) => told(error),
    }
}

/// A whole object against a target: parsed, resolved with three sizes of index, printed, patched.
pub fn object(object: &[u8], target: &[u8]) {
    let mut results = Vec::new();
    for slots in [target.len() / 12 + 1, 8, 0] {
        let mut slots = vec![0; slots];
        let target = match Btf::parse(target, &mut slots) {
            Ok(target) => target,
            Err(error) => return told(error),
        };
        let targets = [target];
        let result = relocate(object, &targets);
        match &result {
            Err(BadObject(error)) => told(*error),
            Ok(relocated) => print(object, &targets, relocated),
        }
        results.push(result.ok());
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

/// [`object`], for one input that holds both: the object's length in two bytes, little-endian, the
/// object, the target.
pub fn pair(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return;
    };
    let length = usize::from(u16::from_le_bytes(*length));
    let (one, target) = rest.split_at(length.min(rest.len()));
    object(one, target);
}

/// One resolution, made of the first bytes, into the instructions that the rest are.
pub fn patch(bytes: &[u8]) {
    let Some((&[how, value_bytes, local, sizes, at, ..], rest)) = bytes.split_at_checked(16) else {
        return;
    };
    let number = |at: usize| {
        let bytes = bytes
            .get(at..at + 8)
            .and_then(|bytes| bytes.try_into().ok());
        u64::from_le_bytes(bytes.unwrap_or_default())
    };
    let value = number(5) >> (value_bytes & 63);
    let reason = relocore::relo::Reason::NoMatch {
        candidates: 1,
        first: TargetType {
            btf: 0,
            id: TypeId(1),
        },
        mismatch: Mismatch {
            accessor: 0,
            why: Why::NoMember { owner: TypeId(1) },
        },
    };
    let outcome = match how & 3 {
        0 | 1 => Outcome::Value(value),
        2 => Outcome::Absent(reason),
        _ => Outcome::Poison(reason),
    };
    let validates = [Validate::No, Validate::Full, Validate::Low32, Validate::No];
    let resolution = Resolution {
        local: u64::from(local),
        validate: validates[usize::from(how >> 2 & 3)],
        local_bytes: u32::from(sizes & 15),
        target_bytes: u32::from(sizes >> 4),
        adjustable: how & 16 != 0,
        ..Resolution::new(Some(RelocKind::FieldByteOffset), outcome)
    };
    let endian = [Endian::Little, Endian::Big][usize::from(how >> 7)];
    let mut section = rest.to_vec();
    let applied = apply(&mut section, endian, u32::from(at), &resolution);
    let (start, end) = (usize::from(at), usize::from(at) + 16);
    for (offset, (before, after)) in rest.iter().zip(&section).enumerate() {
        assert!(before == after || (start..end).contains(&offset));
    }
    let insn = |at: usize| {
        let bytes = section.get(at..at + 8)?.try_into().ok()?;
        Some(Insn::decode(bytes, endian))
    };
    match (applied.outcome, applied.place) {
        (Outcome::Failed(_), _) => assert_eq!(section, rest, "failed, and not as it was"),
        (Outcome::Poison(_), _) => assert_eq!(insn(start), Some(Insn::POISON)),
        (Outcome::Value(value), Some(Place::Off)) => {
            assert_eq!(
                insn(start).map(|insn| i64::from(insn.off) as u64),
                Some(value)
            );
        }
        _ => {}
    }
}
