//! What the running kernel can do that older ones can't: questions that only a try answers.
//!
//! Enters: a [`Feature`]. Leaves: yes or no, remembered for the process. Nothing is asked before a
//! load has failed without it, or something depends on it; so on a kernel that has all, nothing
//! is. Rules: libbpf's `features.c`.

use core::fmt;
use core::sync::atomic::{AtomicU8, Ordering};

use relocore::Endian;
use relocore::btf::Kind;
use relocore::insn::Insn;

use crate::object::{BtfImage, info};
use crate::sys::bpf::{BtfLoad, ProgLoad, btf_load, prog_load};
use crate::sys::{AttachType, ProgType, SysError};

use super::memlock::with_memlock;
use super::token::Token;

/// Something that not every kernel can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// Programs have names.
    ProgramName,
    /// Programs are checked for their attach type at load.
    ExpectedAttachType,
    /// `bpf_probe_read_kernel` and its like; before, `bpf_probe_read` reads both memories.
    ProbeReadKernel,
    /// `bpf_get_attach_cookie`.
    BpfCookie,
    /// Memory of BPF is charged to the cgroup, no longer to `RLIMIT_MEMLOCK`.
    MemcgAccounting,
    /// BTF at all.
    Btf,
    /// Functions in BTF.
    BtfFunction,
    /// Functions of global linkage in BTF.
    BtfGlobalFunction,
    /// Variables and data sections in BTF.
    BtfDatasec,
    /// Floating-point types in BTF.
    BtfFloat,
    /// Tags of declarations in BTF.
    BtfDeclTag,
    /// Tags of types in BTF.
    BtfTypeTag,
    /// Enums of 64 bits, and signed ones, in BTF.
    BtfEnum64,
    /// Names of data sections in BTF that begin with `?`.
    BtfOptionalDatasec,
}

impl Feature {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::ProgramName,
        Self::ExpectedAttachType,
        Self::ProbeReadKernel,
        Self::BpfCookie,
        Self::MemcgAccounting,
        Self::Btf,
        Self::BtfFunction,
        Self::BtfGlobalFunction,
        Self::BtfDatasec,
        Self::BtfFloat,
        Self::BtfDeclTag,
        Self::BtfTypeTag,
        Self::BtfEnum64,
        Self::BtfOptionalDatasec,
    ];

    /// The first kernel of the main line that has it; distributions take some over into older
    /// ones.
    #[must_use]
    pub const fn since(self) -> &'static str {
        match self {
            Self::ProgramName => "4.15",
            Self::ExpectedAttachType => "4.17",
            Self::Btf => "4.18",
            Self::BtfFunction => "5.0",
            Self::BtfDatasec => "5.2",
            Self::ProbeReadKernel => "5.5",
            Self::BtfGlobalFunction => "5.6",
            Self::MemcgAccounting => "5.11",
            Self::BtfFloat => "5.13",
            Self::BpfCookie => "5.15",
            Self::BtfDeclTag => "5.16",
            Self::BtfTypeTag => "5.17",
            Self::BtfEnum64 => "6.0",
            Self::BtfOptionalDatasec => "6.9",
        }
    }

    /// Whether the running kernel has it: tried once, then remembered. A try that fails for
    /// another reason (no privilege, no memory) counts as no, and is not remembered.
    #[must_use]
    pub fn is_there(self) -> bool {
        has(self, None)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProgramName => "names of programs",
            Self::ExpectedAttachType => "attach types at load",
            Self::ProbeReadKernel => "bpf_probe_read_kernel",
            Self::BpfCookie => "bpf_get_attach_cookie",
            Self::MemcgAccounting => "memory charged to cgroups",
            Self::Btf => "BTF",
            Self::BtfFunction => "BTF of functions",
            Self::BtfGlobalFunction => "BTF of global functions",
            Self::BtfDatasec => "BTF of variables",
            Self::BtfFloat => "BTF of floating-point types",
            Self::BtfDeclTag => "BTF of declaration tags",
            Self::BtfTypeTag => "BTF of type tags",
            Self::BtfEnum64 => "BTF of 64-bit enums",
            Self::BtfOptionalDatasec => "BTF of optional data sections",
        })
    }
}

const UNKNOWN: u8 = 0;
const NO: u8 = 1;
const YES: u8 = 2;

/// Answers, by number of the feature.
static ANSWERS: [AtomicU8; Feature::ALL.len()] =
    [const { AtomicU8::new(UNKNOWN) }; Feature::ALL.len()];

/// See [`Feature::is_there`]; in a user namespace with a token.
pub(super) fn has(feature: Feature, token: Option<&Token>) -> bool {
    let answer = ANSWERS.get(feature as usize);
    match answer.map(|answer| answer.load(Ordering::Relaxed)) {
        Some(NO) => return false,
        Some(YES) => return true,
        _ => {}
    }
    let tried = match feature {
        // What the limit depends on.
        Feature::MemcgAccounting => attempt(feature, token),
        _ => with_memlock(|| attempt(feature, token)),
    };
    let known = match tried {
        Ok(()) => Some(YES),
        Err(error) if is_refusal(error) => Some(NO),
        Err(_) => None,
    };
    if let (Some(answer), Some(known)) = (answer, known) {
        answer.store(known, Ordering::Relaxed);
    }
    tried.is_ok()
}

/// Whether the kernel said that it does not take this: neither who asks nor how much memory there
/// is has to do with it.
pub(super) const fn is_refusal(error: SysError) -> bool {
    use nix::libc::{E2BIG, EACCES, EINVAL, EOPNOTSUPP};
    /// The kernel's own, which has no name elsewhere.
    const ENOTSUPP: i32 = 524;
    matches!(error.errno, EINVAL | E2BIG | EACCES | EOPNOTSUPP | ENOTSUPP)
}

fn attempt(feature: Feature, token: Option<&Token>) -> Result<(), SysError> {
    let default = ProgLoad {
        flags: Token::flag(token),
        token: Token::fd(token),
        ..ProgLoad::default()
    };
    let tracing = ProgLoad {
        prog_type: ProgType::TRACEPOINT,
        ..default
    };
    match feature {
        Feature::ProgramName => program(
            &[NOTHING, EXIT],
            ProgLoad {
                name: "relocore",
                ..default
            },
        ),
        Feature::ExpectedAttachType => program(
            &[NOTHING, EXIT],
            ProgLoad {
                prog_type: ProgType::CGROUP_SOCK,
                expected_attach_type: AttachType::CGROUP_INET_SOCK_CREATE,
                ..default
            },
        ),
        Feature::ProbeReadKernel => program(
            &[
                insn(0xbf, 1, 10, 0), // r1 = fp
                insn(0x07, 1, 0, -8), // r1 -= 8
                insn(0xb7, 2, 0, 8),  // r2 = 8
                insn(0xb7, 3, 0, 0),  // r3 = 0
                call(113),
                EXIT,
            ],
            tracing,
        ),
        Feature::BpfCookie => program(&[call(174), EXIT], tracing),
        // `bpf_ktime_get_coarse_ns` came with the same kernel.
        Feature::MemcgAccounting => program(&[call(160), EXIT], default),
        feature => types(feature, token),
    }
}

/// r0 = 0
const NOTHING: Insn = insn(0xb7, 0, 0, 0);
const EXIT: Insn = insn(0x95, 0, 0, 0);

const fn call(helper: i32) -> Insn {
    insn(0x85, 0, 0, helper)
}

const fn insn(code: u8, dst: u8, src: u8, imm: i32) -> Insn {
    Insn {
        code,
        dst,
        src,
        off: 0,
        imm,
    }
}

/// Loads a program and lets go of it.
fn program(insns: &[Insn], load: ProgLoad<'_>) -> Result<(), SysError> {
    let insns: Vec<u8> = insns
        .iter()
        .flat_map(|insn| insn.encode(Endian::NATIVE))
        .collect();
    let prog_type = match load.prog_type {
        ProgType::UNSPEC => ProgType::SOCKET_FILTER,
        other => other,
    };
    let load = ProgLoad {
        prog_type,
        insns: &insns,
        license: c"GPL",
        ..load
    };
    prog_load(&load, None).map(drop)
}

/// Loads the smallest BTF that has it, and lets go of it.
fn types(feature: Feature, token: Option<&Token>) -> Result<(), SysError> {
    let mut image = BtfImage::empty(Endian::NATIVE);
    let name = image.add_string("relocore").0;
    let head = |kind: Kind, vlen| info(kind.number(), vlen);
    let int = image
        .add_type(&[name, head(Kind::Int, 0), 4, 1 << 24 | 32])
        .0;
    let mut add_function = |linkage| {
        let proto = image
            .add_type(&[0, head(Kind::FuncProto, 1), 0, name, int])
            .0;
        image.add_type(&[name, head(Kind::Func, linkage), proto])
    };
    match feature {
        Feature::BtfFunction => {
            add_function(0);
        }
        Feature::BtfGlobalFunction => {
            add_function(1);
        }
        Feature::BtfDatasec | Feature::BtfOptionalDatasec => {
            let is_optional = feature == Feature::BtfOptionalDatasec;
            let section = image.add_string(if is_optional { "?.x" } else { ".x" }).0;
            let var = image.add_type(&[name, head(Kind::Var, 0), int, 0]).0;
            image.add_type(&[section, head(Kind::Datasec, 1), 4, var, 0, 4]);
        }
        Feature::BtfDeclTag => {
            let var = image.add_type(&[name, head(Kind::Var, 0), int, 0]).0;
            image.add_type(&[name, head(Kind::DeclTag, 0), var, u32::MAX]);
        }
        Feature::BtfTypeTag => {
            let tag = image.add_type(&[name, head(Kind::TypeTag, 0), int]).0;
            image.add_type(&[0, head(Kind::Ptr, 0), tag]);
        }
        Feature::BtfFloat => {
            image.add_type(&[name, head(Kind::Float, 0), 4]);
        }
        Feature::BtfEnum64 => {
            image.add_type(&[0, head(Kind::Enum64, 0), 8]);
        }
        // An integer is all that the first BTF had.
        _ => {}
    }
    let load = BtfLoad {
        btf: &image.to_bytes(),
        flags: Token::flag(token),
        token: Token::fd(token),
    };
    btf_load(&load, None).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::bpf::testing;
    use crate::sys::fault;

    #[test]
    fn answers_are_remembered_if_they_are_answers() {
        if testing::skip("answers_are_remembered_if_they_are_answers") {
            return;
        }
        let feature = Feature::BtfFloat;
        let call = "bpf(BPF_BTF_LOAD)";
        let armed = fault::fail(Some(call), 1, nix::libc::ENOMEM);
        let before = feature.is_there();
        if armed.fired() {
            assert!(!before, "it could not be tried");
        }
        drop(armed);
        let known = feature.is_there();
        // No further try: what would fail does not.
        let armed = fault::fail(Some(call), 1, nix::libc::EINVAL);
        assert_eq!(feature.is_there(), known);
        assert!(!armed.fired());
    }

    /// Each probe says yes on a kernel of its version or later: it is well-formed.
    #[test]
    fn new_kernels_have_all() {
        if testing::skip("new_kernels_have_all") {
            return;
        }
        let version = crate::kernel::kernel_version().unwrap().version;
        for feature in Feature::ALL {
            let (major, minor) = feature.since().split_once('.').unwrap();
            let since = major.parse::<u32>().unwrap() << 16 | minor.parse::<u32>().unwrap() << 8;
            assert!(feature.is_there() || version.0 < since, "{feature}");
        }
    }
}
