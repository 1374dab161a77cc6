//! The functions of an object: entry programs and subprograms.
//!
//! Enters: the symbol table, by way of [`elf::Object::programs`](relocore::elf::Object::programs).
//! Leaves: [`Function`]s by place. What is in `.text`, or static, is a subprogram; all other
//! functions are programs, named by their section. (libbpf refuses static functions outside of
//! `.text`; being callable is all that they can be meant for.)

use relocore::elf::{self, Binding, Visibility};

/// The section of functions that no program type claims.
const TEXT: &str = ".text";

/// One function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Index of its section, and the section's name.
    pub(crate) section: u32,
    pub(crate) section_name: String,
    /// Place in the section, in bytes: whole instructions.
    pub(crate) offset_bytes: u32,
    pub(crate) size_bytes: u32,
    pub(crate) is_subprogram: bool,
    /// Global but hidden: static to the verifier.
    pub(crate) is_hidden: bool,
    pub(crate) is_global: bool,
    /// Of a program that may throw: the function that the kernel calls then, by place.
    pub(crate) on_exception: Option<usize>,
}

impl Function {
    /// Whether it has the instruction at that offset of its section.
    pub(crate) const fn contains(&self, offset_bytes: u32) -> bool {
        match offset_bytes.checked_sub(self.offset_bytes) {
            Some(within) => within < self.size_bytes,
            None => false,
        }
    }
}

/// Reads the functions, sorted by section and place.
pub(super) fn read(elf: &elf::Object<'_>) -> relocore::Result<Vec<Function>> {
    let mut functions = Vec::new();
    for program in elf.programs()? {
        let program = program?;
        let section_name = text(elf.section(program.section)?.name()?);
        let hidden = matches!(
            program.visibility,
            Visibility::Hidden | Visibility::Internal
        );
        functions.push(Function {
            name: text(program.name),
            section: program.section,
            offset_bytes: program.offset_bytes,
            size_bytes: program.size_bytes,
            is_subprogram: section_name == TEXT || program.binding == Binding::Local,
            is_hidden: hidden && program.binding != Binding::Local,
            is_global: !hidden && program.binding != Binding::Local,
            on_exception: None,
            section_name,
        });
    }
    functions.sort_by_key(|function| (function.section, function.offset_bytes));
    Ok(functions)
}

/// The function that has the instruction at that offset of that section.
pub(crate) fn find(functions: &[Function], section: u32, offset_bytes: u32) -> Option<usize> {
    let end = functions.partition_point(|function| {
        (function.section, function.offset_bytes) <= (section, offset_bytes)
    });
    let nth = end.checked_sub(1)?;
    let function = functions.get(nth)?;
    (function.section == section && function.contains(offset_bytes)).then_some(nth)
}

/// A name of the object as text; what is not UTF-8 is replaced.
pub(super) fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_find_their_function() {
        let function = |section, offset_bytes, size_bytes| Function {
            name: String::new(),
            section,
            section_name: String::new(),
            offset_bytes,
            size_bytes,
            is_subprogram: false,
            is_hidden: false,
            is_global: true,
            on_exception: None,
        };
        let functions = [function(2, 0, 16), function(2, 16, 8), function(3, 8, 8)];
        for (section, offset, expected) in [
            (2, 0, Some(0)),
            (2, 8, Some(0)),
            (2, 16, Some(1)),
            (2, 24, None),
            (3, 0, None),
            (3, 8, Some(2)),
            (1, 0, None),
            (4, 8, None),
        ] {
            assert_eq!(find(&functions, section, offset), expected);
        }
    }
}
