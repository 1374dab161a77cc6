//! What a refused program can do without on an older kernel.
//!
//! Enters: the program as it was refused. Leaves: the same without what this kernel does not know,
//! or nothing if it knows all of it. Rules: libbpf's `bpf_object_load_prog`,
//! `bpf_object__sanitize_prog`.
//!
//! | unknown | instead | first kernel that knows it |
//! |---|---|---|
//! | names of programs | none | 4.15 |
//! | attach types at load, where optional | 0 | 4.17 |
//! | types of functions | no BTF | 5.0 |
//! | `bpf_probe_read_{kernel,user}[_str]` | `bpf_probe_read[_str]` | 5.5 |

use relocore::Endian;
use relocore::insn::{INSN_BYTES, Insn};

use crate::sys::bpf::{ProgLoad, Records};
use crate::sys::{AttachType, SysError};

use super::feature::{Feature, has, is_refusal};
use super::token::Token;

/// What is to be different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Older {
    no_name: bool,
    no_attach_type: bool,
    no_btf: bool,
    insns: Option<Vec<u8>>,
}

/// Looks for what this kernel does not know.
pub(super) fn for_older_kernel(
    load: &ProgLoad<'_>,
    attach_type_optional: bool,
    source: SysError,
    token: Option<&Token>,
) -> Option<Older> {
    is_refusal(source)
        .then(|| older(load, attach_type_optional, |feature| has(feature, token)))
        .filter(|older| *older != Older::default())
}

fn older(load: &ProgLoad<'_>, attach_type_optional: bool, has: impl Fn(Feature) -> bool) -> Older {
    let attach_type = attach_type_optional && load.expected_attach_type != AttachType::default();
    let insns = downgraded(load.insns).filter(|_| !has(Feature::ProbeReadKernel));
    Older {
        no_name: !load.name.is_empty() && !has(Feature::ProgramName),
        no_attach_type: attach_type && !has(Feature::ExpectedAttachType),
        no_btf: load.btf.is_some() && !has(Feature::BtfFunction),
        insns,
    }
}

impl Older {
    /// The program with these differences.
    pub(super) fn of<'a>(&'a self, load: &ProgLoad<'a>) -> ProgLoad<'a> {
        let mut load = *load;
        if self.no_name {
            load.name = "";
        }
        if self.no_attach_type {
            load.expected_attach_type = AttachType::default();
        }
        if self.no_btf {
            load.btf = None;
            load.func_info = Records::default();
            load.line_info = Records::default();
        }
        if let Some(insns) = &self.insns {
            load.insns = insns;
        }
        load
    }
}

/// The instructions with the helper that read both memories, if there are calls of its
/// successors.
fn downgraded(insns: &[u8]) -> Option<Vec<u8>> {
    const CALL: u8 = 0x85;
    let mut copy = insns.to_vec();
    let mut is_changed = false;
    let mut skip = false;
    for slot in copy.as_chunks_mut::<INSN_BYTES>().0 {
        let mut insn = Insn::decode(*slot, Endian::NATIVE);
        // The second half of an immediate is none.
        let is_second_half = core::mem::take(&mut skip);
        if is_second_half {
            continue;
        }
        skip = insn.is_ld_imm64();
        // Source 0: calls of helpers.
        let helper = match (insn.code, insn.src, insn.imm) {
            (CALL, 0, 112 | 113) => 4,
            (CALL, 0, 114 | 115) => 45,
            _ => continue,
        };
        insn.imm = helper;
        *slot = insn.encode(Endian::NATIVE);
        is_changed = true;
    }
    is_changed.then_some(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insn(code: u8, src: u8, imm: i32) -> [u8; INSN_BYTES] {
        let insn = Insn {
            code,
            dst: 0,
            src,
            off: 0,
            imm,
        };
        insn.encode(Endian::NATIVE)
    }

    #[test]
    fn calls_of_new_helpers_become_calls_of_the_old() {
        let before = [
            insn(0x85, 0, 112),
            insn(0x85, 0, 113),
            insn(0x85, 0, 114),
            insn(0x85, 0, 115),
            insn(0x85, 1, 113), // a function
            insn(0x18, 0, 0),
            insn(0x85, 0, 113), // the second half of an immediate
            insn(0x85, 0, 113),
        ];
        let after = [
            insn(0x85, 0, 4),
            insn(0x85, 0, 4),
            insn(0x85, 0, 45),
            insn(0x85, 0, 45),
            before[4],
            before[5],
            before[6],
            insn(0x85, 0, 4),
        ];
        assert_eq!(downgraded(&before.concat()), Some(after.concat()));
        assert_eq!(downgraded(&insn(0x85, 0, 4)), None);
    }

    #[test]
    fn what_is_unknown_is_left_out() {
        let insns = insn(0x85, 0, 113);
        let load = ProgLoad {
            name: "name",
            expected_attach_type: AttachType::XDP,
            insns: &insns,
            ..ProgLoad::default()
        };
        assert_eq!(older(&load, true, |_| true), Older::default());
        let all = older(&load, true, |_| false);
        let oldest = all.of(&load);
        assert_eq!((oldest.name, oldest.expected_attach_type.0), ("", 0));
        assert_eq!(oldest.insns, insn(0x85, 0, 4));
        let strict = older(&load, false, |_| false);
        assert_eq!(strict.of(&load).expected_attach_type, AttachType::XDP);
        let one = older(&load, true, |feature| feature != Feature::ProbeReadKernel);
        assert_eq!((one.no_name, one.insns.is_some()), (false, true));
    }
}
