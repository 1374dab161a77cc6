//! Questions to the kernel that only a try answers.
//!
//! Enters: nothing. Leaves: yes or no. A probe that can't run counts as no.

use relocore::Endian;
use relocore::insn::Insn;

use crate::sys::ProgType;
use crate::sys::bpf::{ProgLoad, prog_load};

/// Whether programs can ask for their cookie: loads one that calls `bpf_get_attach_cookie`.
pub(super) fn has_bpf_cookie() -> bool {
    const GET_ATTACH_COOKIE: i32 = 174;
    let insn = |code, imm| {
        let insn = Insn {
            code,
            dst: 0,
            src: 0,
            off: 0,
            imm,
        };
        insn.encode(Endian::NATIVE)
    };
    let (call, exit) = (insn(0x85, GET_ATTACH_COOKIE), insn(0x95, 0));
    let program = ProgLoad {
        prog_type: ProgType::TRACEPOINT,
        license: c"GPL",
        insns: &[call, exit].concat(),
        ..ProgLoad::default()
    };
    prog_load(&program, None).is_ok()
}
