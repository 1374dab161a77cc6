//! Essential names and flavors.
//!
//! Enters: a name such as `task_struct___v1`. Leaves: `task_struct`, by which types of the object
//! and the kernel are paired, and `v1`, the flavor that lets an object declare one kernel type
//! several times.

use crate::steps;

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
    steps::count_name(name.len());
    let Some(at) = last_separator(name) else {
        return (name, None);
    };
    let (essential, rest) = name.split_at_checked(at).unwrap_or((name, &[]));
    (essential, rest.get(3..))
}

/// Where the last separator starts.
fn last_separator(name: &[u8]) -> Option<usize> {
    let separates = |start: &usize| {
        let around = start
            .checked_sub(1)
            .and_then(|before| name.get(before..start.saturating_add(4)));
        matches!(around, Some([a, b'_', b'_', b'_', z]) if *a != b'_' && *z != b'_')
    };
    // Of three underscores in a row one is met by steps of three.
    let mut at = name.len().checked_sub(1)?;
    loop {
        if name.get(at) == Some(&b'_') {
            let starts = [at, at.saturating_sub(1), at.saturating_sub(2)];
            if let Some(start) = starts.iter().find(|start| separates(start)) {
                return Some(*start);
            }
        }
        at = at.checked_sub(3)?;
    }
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
            ("ab___c", "ab"),
            ("abc___d", "abc"),
            ("a___bc___", "a"),
            ("a___bc___d_", "a___bc"),
            ("__a___b", "__a"),
        ] {
            assert_eq!(
                essential_name(name.as_bytes()),
                essential.as_bytes(),
                "{name}"
            );
        }
        assert_eq!(flavor(b"a___b___c"), Some(&b"c"[..]));
    }

    /// Every name of up to 11 letters and underscores, by the rule taken literally.
    #[test]
    fn as_the_rule_says() {
        for len in 0..12 {
            for bits in 0..1_u32 << len {
                let byte = |nth: usize| if bits >> nth & 1 == 0 { b'_' } else { b'x' };
                let bytes = core::array::from_fn::<u8, 12, _>(byte);
                let name = &bytes[..len];
                let separates =
                    |w: &[u8]| w[0] != b'_' && w[4] != b'_' && w[1..4].iter().all(|b| *b == b'_');
                let last = name.windows(5).rposition(separates);
                let essential = last.map_or(name, |at| &name[..=at]);
                assert_eq!(essential_name(name), essential, "{name:?}");
            }
        }
    }
}
