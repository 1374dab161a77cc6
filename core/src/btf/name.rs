//! Essential names and flavors.
//!
//! Enters: a name such as `task_struct___v1`. Leaves: `task_struct`, by which types of the object
//! and the kernel are paired, and `v1`, the flavor that lets an object declare one kernel type
//! several times.

/// The name without its flavor: everything before the last `___` that has a character other than
/// `_` on both sides (libbpf: `bpf_core_essential_name_len`).
///
/// ```
/// use relocore::btf::essential_name;
/// assert_eq!(essential_name(b"task_struct___v1"), b"task_struct");
/// assert_eq!(essential_name(b"foo____bar"), b"foo____bar"); // four underscores separate nothing
/// ```
#[must_use]
pub fn essential_name(name: &[u8]) -> &[u8] {
    split(name).0
}

/// The flavor, if the name has one.
///
/// ```
/// use relocore::btf::flavor;
/// assert_eq!(flavor(b"task_struct___v1"), Some(&b"v1"[..]));
/// assert_eq!(flavor(b"task_struct"), None);
/// ```
#[must_use]
pub fn flavor(name: &[u8]) -> Option<&[u8]> {
    split(name).1
}

fn split(name: &[u8]) -> (&[u8], Option<&[u8]>) {
    // Three underscores in a row can't step over every third byte: most names end here.
    if !name.iter().skip(2).step_by(3).any(|&byte| byte == b'_') {
        return (name, None);
    }
    let separates = |w: &[u8]| matches!(w, [a, b'_', b'_', b'_', z] if *a != b'_' && *z != b'_');
    let Some(at) = name.windows(5).rposition(separates) else {
        return (name, None);
    };
    // `at` is the character before the separator: 1 byte of name, 3 of separator.
    let (essential, rest) = name
        .split_at_checked(at.wrapping_add(1))
        .unwrap_or((name, &[]));
    (essential, rest.get(3..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        // Worked by hand from the rule; also the table of libbpf's own comments.
        for (name, essential) in [
            ("task_struct___v1", "task_struct"),
            ("a___b___c", "a___b"),
            ("foo___", "foo___"),
            ("foo____bar", "foo____bar"),
            ("___x", "___x"),
            ("x___y", "x"),
            ("x", "x"),
            ("", ""),
            ("_____", "_____"),
            ("a___b____c", "a"),
        ] {
            assert_eq!(
                essential_name(name.as_bytes()),
                essential.as_bytes(),
                "{name}"
            );
        }
        assert_eq!(flavor(b"a___b___c"), Some(&b"c"[..]));
    }
}
