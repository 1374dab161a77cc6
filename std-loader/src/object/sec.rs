//! What a section's name says of its programs.
//!
//! Enters: `raw_tp/sched_switch`, `?kprobe/do_exit`, `xdp`. Leaves: a [`Sec`]: the row of the
//! table that it matches, the target after the slash, and whether it loads by default. Rules:
//! libbpf's `SEC_DEF` table and `sec_def_matches`.

use crate::sys::{AttachType, ProgType};

use super::sec_table::TABLE;

/// A row of the table: a section name, and what its programs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecKind {
    /// The name, without what follows a slash when [`target`](Self::target) allows that.
    pub name: &'static str,
    /// Whether a target may follow after a slash.
    pub target: bool,
    /// What kind of program.
    pub prog_type: ProgType,
    /// Where it will be attached; 0 for types that are not checked for it.
    pub attach_type: AttachType,
    /// `BPF_F_` flags of program load.
    pub flags: u32,
    /// The target is a type in the kernel's BTF, which the load needs.
    pub by_btf: bool,
    /// On kernels that check no attach type at load (before 4.17) it may be left out.
    pub attach_type_optional: bool,
}

impl SecKind {
    /// A row to begin with: exact name, program type and all else still to be said.
    pub const NONE: Self = Self {
        name: "",
        target: false,
        prog_type: ProgType::UNSPEC,
        attach_type: AttachType(0),
        flags: 0,
        by_btf: false,
        attach_type_optional: false,
    };
}

/// A section's name, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sec {
    /// The row that it matches; `None` for names that nobody knows.
    pub kind: Option<&'static SecKind>,
    /// What follows the slash: a tracepoint, a function, ...
    pub target: Option<String>,
    /// Whether its programs are loaded if the user says nothing: not if it starts with `?`.
    pub autoload: bool,
}

impl Sec {
    /// Understands a section's name.
    #[must_use]
    pub fn parse(section: &str) -> Self {
        Self::parse_with(section, TABLE)
    }

    /// Understands a section's name by rows of one's own: the first that matches.
    #[must_use]
    pub fn parse_with(section: &str, rows: &'static [SecKind]) -> Self {
        let (name, autoload) = match section.strip_prefix('?') {
            Some(rest) => (rest, false),
            None => (section, true),
        };
        for kind in rows {
            let Some(rest) = name.strip_prefix(kind.name) else {
                continue;
            };
            let target = match rest.strip_prefix('/') {
                None if rest.is_empty() => None,
                Some(target) if kind.target => Some(target.to_owned()),
                _ => continue,
            };
            return Self {
                kind: Some(kind),
                target,
                autoload,
            };
        }
        Self {
            kind: None,
            target: None,
            autoload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_the_table() {
        let rows = [
            (
                "raw_tp/sys_enter",
                Some(("raw_tp", ProgType::RAW_TRACEPOINT, 0)),
                Some("sys_enter"),
            ),
            (
                "raw_tp",
                Some(("raw_tp", ProgType::RAW_TRACEPOINT, 0)),
                None,
            ),
            (
                "raw_tp.w/x",
                Some(("raw_tp.w", ProgType::RAW_TRACEPOINT_WRITABLE, 0)),
                Some("x"),
            ),
            ("tp/a/b", Some(("tp", ProgType::TRACEPOINT, 0)), Some("a/b")),
            ("xdp", Some(("xdp", ProgType::XDP, 37)), None),
            ("xdp/devmap", Some(("xdp/devmap", ProgType::XDP, 33)), None),
            ("xdp/other", None, None),
            ("xdp.frags", Some(("xdp.frags", ProgType::XDP, 37)), None),
            (
                "fentry.s/f",
                Some(("fentry.s", ProgType::TRACING, 24)),
                Some("f"),
            ),
            (
                "kprobe.multi/a*",
                Some(("kprobe.multi", ProgType::KPROBE, 42)),
                Some("a*"),
            ),
            ("kprobes", None, None),
            ("raw_tpx/y", None, None),
            ("", None, None),
            (
                "tcx/ingress",
                Some(("tcx/ingress", ProgType::SCHED_CLS, 46)),
                None,
            ),
            (
                "cgroup/sendmsg4",
                Some(("cgroup/sendmsg4", ProgType::CGROUP_SOCK_ADDR, 14)),
                None,
            ),
        ];
        for (name, expected, target) in rows {
            let sec = Sec::parse(name);
            let found = sec
                .kind
                .map(|kind| (kind.name, kind.prog_type, kind.attach_type.0));
            assert_eq!((found, sec.target.as_deref()), (expected, target), "{name}");
            assert!(sec.autoload);
            let off = Sec::parse(&format!("?{name}"));
            assert_eq!((off.kind, off.autoload), (sec.kind, false));
        }
    }

    /// Rows of libbpf 1.7's table that end in `SEC_ATTACHABLE_OPT`.
    #[test]
    fn some_attach_types_are_optional() {
        let optional = TABLE.iter().filter(|kind| kind.attach_type_optional);
        let names: Vec<_> = optional.map(|kind| kind.name).collect();
        let expected = [
            "xdp",
            "sockops",
            "sk_skb/stream_parser",
            "sk_skb/stream_verdict",
            "sk_skb/verdict",
            "sk_msg",
            "lirc_mode2",
            "flow_dissector",
            "cgroup_skb/ingress",
            "cgroup_skb/egress",
            "cgroup/sock",
            "cgroup/dev",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn no_row_hides_a_later_one() {
        for (nth, kind) in TABLE.iter().enumerate() {
            let name = if kind.target {
                format!("{}/x", kind.name)
            } else {
                kind.name.to_owned()
            };
            let found = Sec::parse(&name).kind.unwrap();
            assert!(
                core::ptr::eq(found, kind),
                "row {nth}: {name} is taken by {}",
                found.name
            );
        }
    }
}
