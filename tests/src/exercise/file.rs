//! ELF objects.

use relocore::Error;
use relocore::elf::{Object, ProgramRange, ProgramTable};

use super::bound::{Bound, bounded};
use super::{btf, ext, told};

/// A section header has 64 bytes.
const PARSE: Bound = Bound {
    each: 1,
    besides: 64,
};

/// A symbol has 24 bytes; its section and both names, of up to 8191 bytes, are looked at; then the
/// sort, whose comparisons of names are bounded for themselves.
const PROGRAMS: Bound = Bound {
    each: 100,
    besides: 9 << 20,
};

/// Sections, up to which what takes the square of their number is done.
const SMALL: usize = 64;

/// An ELF object: sections, symbols, relocations, programs, and its BTF sections in turn.
pub fn elf(bytes: &[u8]) {
    let object = match bounded("elf", bytes.len(), PARSE, || Object::parse(bytes)) {
        Ok(object) => object,
        Err(error) => return told(error, bytes.len()),
    };
    for (nth, section) in object.sections().enumerate() {
        let name = section.name();
        if let Ok(name) = name
            && nth < SMALL
        {
            assert!(section.is_named(name));
            let found = object.section_by_name(name);
            assert!(found.is_some_and(|found| found.index() <= section.index()));
        }
        assert!(section.index() < object.section_count());
        let _ = (section.kind(), section.flags(), section.entry_bytes());
        let ends = section.relocations().filter(Result::is_err).count();
        assert!(ends <= 1, "relocations went on behind their error");
        match section.data() {
            Ok(data) => assert!(data.len() <= bytes.len()),
            Err(error) => told(error, bytes.len()),
        }
    }
    assert!(object.section(object.section_count()).is_err());
    if let Ok(symbols) = object.symbols() {
        for symbol in symbols.iter() {
            assert!(symbol.index() < symbols.len());
            if let Err(error) = symbol.name() {
                told(error, bytes.len());
            }
            let _ = (symbol.kind(), symbol.binding(), symbol.visibility());
            let _ = (symbol.section(), symbol.value(), symbol.size());
        }
        assert!(symbols.get(symbols.len()).is_err());
    }
    let _ = programs(object, bytes.len());
    let _ = object.license();
    if let Ok(bytes) = object.btf() {
        btf(bytes);
    }
    if let Ok(Some(bytes)) = object.btf_ext() {
        ext(bytes);
    }
}

/// The programs of an object, one by one and as a table.
///
/// # Errors
/// The object has no symbols, or a program is bad.
pub fn programs(object: Object<'_>, len: usize) -> Result<Vec<ProgramRange>, Error> {
    let programs = object.programs()?;
    let mut buffer = vec![ProgramRange::EMPTY; programs.clone().count()];
    for program in programs {
        match program {
            Ok(program) => {
                assert_eq!(program.insns.len(), program.size_bytes as usize);
                assert!(program.section < object.section_count());
            }
            Err(error) => told(error, len),
        }
    }
    let table = bounded("programs", len, PROGRAMS, || {
        ProgramTable::build(object, &mut buffer)
    });
    let table = table.inspect_err(|error| told(*error, len))?;
    for range in table.ranges().iter().take(SMALL) {
        // Programs may overlap: whichever is found has that instruction.
        let found = table.find(range.section, range.offset_bytes);
        assert!(found.is_some_and(|found| found.contains(range.offset_bytes)));
    }
    Ok(table.ranges().to_vec())
}
