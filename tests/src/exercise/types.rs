//! BTF, whole or split.

use relocore::btf::{Btf, MAX_NAME_BYTES, Type, essential_name, flavor};
use relocore::show::{ErrorText, TypeName};
use relocore::{Error, StrOff, TypeId};

use super::bound::{Bound, bounded};
use super::{printed, told, two};

/// Types, up to which what takes the square of their number is done.
const SMALL: u32 = 4096;

/// A record, and a name of up to 4095 bytes for each integer until one is called `long`.
const PARSE: Bound = Bound {
    each: 30,
    besides: 1000,
};

/// Every word of every record, with an index; a function looks up its type.
const VALIDATE: Bound = Bound {
    each: 2,
    besides: 1000,
};

/// BTF parsed, with a slot for every type, and validated, in bounded steps: its last id.
///
/// # Errors
/// The BTF is bad.
pub fn validated(bytes: &[u8]) -> Result<TypeId, Error> {
    let mut slots = vec![0; bytes.len() / 12 + 1];
    let btf = bounded("parse", bytes.len(), PARSE, || {
        Btf::parse(bytes, &mut slots)
    })?;
    bounded("validate", bytes.len(), VALIDATE, || btf.validate())?;
    btf.last_id()
}

/// BTF: the same types whatever the index holds; every type's everything; split on itself.
pub fn btf(bytes: &[u8]) {
    let mut all = vec![0xdead_beef; bytes.len() / 12 + 1];
    let direct = match bounded("parse", bytes.len(), PARSE, || Btf::parse(bytes, &mut all)) {
        Ok(btf) => btf,
        Err(error) => return not_read(bytes, error),
    };
    walk(&direct, bytes.len());
    let last = direct.last_id().expect("known since the parse");
    let valid = bounded("validate", bytes.len(), VALIDATE, || direct.validate());
    match valid {
        Ok(()) => within(&direct),
        Err(error) => told(error, bytes.len()),
    }
    for slots in [0, 1, 7, 64] {
        let mut slots = vec![0x5555_5555; slots];
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
    over(&direct, bytes);
}

/// What could not be parsed: opening checks less, and a walk then ends at its first error.
fn not_read(bytes: &[u8], error: Error) {
    told(error, bytes.len());
    if let Ok(open) = Btf::open(bytes) {
        let ends = open.types().filter(Result::is_err).count();
        assert!(ends <= 1, "a walk went on behind its error");
        assert_eq!(open.types().any(|ty| ty.is_err()), open.last_id().is_err());
        let read = open.types().take_while(Result::is_ok).count();
        for ty in open.types().take(read.min(64)).flatten() {
            assert!(open.type_by_id(ty.id()).is_ok(), "{}", ty.id());
            about(&open, &ty, bytes.len());
        }
    }
    for slots in [0, 1, 64] {
        assert_eq!(Btf::parse(bytes, &mut vec![0; slots]).err(), Some(error));
    }
}

/// A base and BTF split on it, of any bytes.
pub fn split(base: &[u8], bytes: &[u8]) {
    let mut slots = vec![0; base.len() / 12 + 1];
    match Btf::parse(base, &mut slots) {
        Ok(base) => over(&base, bytes),
        Err(error) => told(error, base.len()),
    }
}

/// [`split`], for one input that holds both: the base's length in two bytes, little-endian, the
/// base, the split BTF.
pub fn split_pair(bytes: &[u8]) {
    if let Some((base, bytes)) = two(bytes) {
        split(base, bytes);
    }
}

fn over(base: &Btf<'_>, bytes: &[u8]) {
    let last = base.last_id().expect("known since the parse");
    let mut first = None;
    for slots in [bytes.len() / 12 + 1, 16, 0] {
        let mut slots = vec![0xffff_ffff; slots];
        let split = Btf::parse_split(bytes, base, &mut slots);
        let seen = match &split {
            Ok(split) => over_types(split, last, first.is_none()),
            Err(error) => {
                told(*error, bytes.len());
                Err(*error)
            }
        };
        // The index changes the time only.
        assert_eq!(*first.get_or_insert(seen), seen);
    }
}

/// The last id, and whether all is valid.
type Seen = Result<(TypeId, Option<Error>), Error>;

/// All about the types if `in_detail`, else only that they are there.
fn over_types(split: &Btf<'_>, base_last: TypeId, in_detail: bool) -> Seen {
    assert_eq!(split.first_id(), TypeId(base_last.0 + 1));
    let last = split.last_id().expect("known since the parse");
    let base = split.base().expect("it was made on one");
    let own = split.types().count();
    assert_eq!(last.0, base_last.0 + u32::try_from(own).unwrap());
    for ty in split.types().chain(base.types()).take(64) {
        let ty = ty.expect("the parse has walked all records");
        let found = split.type_by_id(ty.id()).expect("the same");
        assert!(same(Some(&ty), Some(&found)));
        if in_detail {
            about(split, &found, usize::MAX);
        }
    }
    // The base's types and names are the base's, seen through the split view.
    for id in [0, 1, base_last.0 / 2, base_last.0].map(TypeId) {
        let through = split.type_by_id(id);
        assert!(same(
            through.as_ref().ok(),
            base.type_by_id(id).as_ref().ok()
        ));
        if let Ok(ty) = through
            && base.name(ty.name()).is_ok()
        {
            assert_eq!(split.name(ty.name()), base.name(ty.name()));
        }
    }
    assert!(split.type_by_id(TypeId(last.0 + 1)).is_err());
    let mut valid = None;
    if last.0 < SMALL {
        valid = split.validate().err();
        match valid {
            Some(error) => printed(&error),
            None => within(split),
        }
    }
    Ok((last, valid))
}

fn same(one: Option<&Type<'_>>, other: Option<&Type<'_>>) -> bool {
    let parts = |ty: &Type<'_>| {
        let tail = (ty.tail().as_ptr(), ty.tail().len());
        (ty.id(), ty.name(), ty.kind(), ty.own_size_bytes(), tail)
    };
    one.map(parts) == other.map(parts)
}

/// Every type in order, by id, and all about it; and again.
fn walk(btf: &Btf<'_>, len: usize) {
    let mut next = btf.first_id();
    let mut again = btf.types();
    for ty in btf.types() {
        let ty = ty.expect("the parse has walked all records");
        assert_eq!(ty.id(), next);
        next = TypeId(next.0 + 1);
        assert!(same(Some(&ty), btf.type_by_id(ty.id()).ok().as_ref()));
        assert!(same(Some(&ty), again.next().and_then(Result::ok).as_ref()));
        about(btf, &ty, len);
    }
    assert!(again.next().is_none());
    assert_eq!(btf.last_id().ok(), Some(TypeId(next.0 - 1)));
    let beyond = btf.type_by_id(next).expect_err("there is no such type");
    told(beyond, len);
    printed(&ErrorText::new(btf, beyond));
    assert!(btf.type_by_id(TypeId(u32::MAX)).is_err());
}

/// What validation has passed names only types and names that are there.
fn within(btf: &Btf<'_>) {
    let last = btf.last_id().expect("known since the parse");
    let name = |at: StrOff| match btf.name(at) {
        Ok(name) => assert!(name.len() <= MAX_NAME_BYTES),
        // Validation lets long names pass: who wants one is told.
        Err(error) => assert!(error.to_string().contains("length"), "{error}"),
    };
    let there = |id: TypeId| assert!(id <= last && btf.type_by_id(id).is_ok(), "{id}");
    for ty in btf.types().map(|ty| ty.expect("walked before")) {
        name(ty.name());
        if ty.kind().is_modifier() {
            there(ty.referred());
        }
        if let Some(array) = ty.array() {
            there(array.element);
            there(array.index);
        }
        for member in ty.members() {
            name(member.name);
            there(member.ty);
        }
        for param in ty.params() {
            name(param.name);
            there(param.ty);
        }
        ty.enumerators()
            .for_each(|enumerator| name(enumerator.name));
        ty.section_vars().for_each(|var| there(var.var));
    }
}

fn about(btf: &Btf<'_>, ty: &Type<'_>, len: usize) {
    match btf.name(ty.name()) {
        Ok(name) => {
            assert!(!name.contains(&0) && name.len() <= MAX_NAME_BYTES);
            assert_eq!(btf.name_is(ty.name(), name), Ok(true));
            assert_eq!(btf.name_is(ty.name(), &[name, b"x"].concat()), Ok(false));
            assert!(name.starts_with(essential_name(name)));
            assert!(flavor(name).is_none_or(|flavor| name.ends_with(flavor)));
        }
        Err(error) => printed(&error),
    }
    let id = ty.id();
    printed(&TypeName::new(btf, id));
    printed(&ty.kind().name());
    let chain = [btf.skip_mods(id), btf.innermost_element(id)];
    for found in chain.iter().flatten() {
        assert!(!found.kind().is_modifier());
        assert!(same(Some(found), btf.type_by_id(found.id()).ok().as_ref()));
    }
    let align = btf.align_bytes(id);
    if let Ok(align) = align {
        assert!(align >= 1);
    }
    let sizes = [btf.size_bytes(id).err(), align.err()];
    let chain = chain.map(Result::err);
    for error in chain.into_iter().chain(sizes).flatten() {
        printed(&error);
        printed(&ErrorText::new(btf, error));
    }
    let members = ty.members();
    assert_eq!(members.len() as usize, members.count());
    assert_eq!(ty.members().get(members.len()), None);
    let enumerators = ty.enumerators();
    assert_eq!(enumerators.len() as usize, enumerators.count());
    assert_eq!(enumerators.get(enumerators.len()), None);
    assert_eq!(ty.params().len() as usize, ty.params().count());
    assert_eq!(ty.section_vars().len() as usize, ty.section_vars().count());
    assert!(ty.tail().len() <= len, "a tail longer than the input");
    let _ = (ty.int(), ty.array(), ty.linkage(), ty.component());
}
