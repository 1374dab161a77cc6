//! What can be done about an access that the kernel lacks.
//!
//! Enters: a record, what became of it, and what the kernel has instead. Leaves: sentences for the
//! program's author, the likeliest first. Two causes are worth a look because they explain many
//! failures at once: an object compiled for another machine's registers, and a 32-bit kernel.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::btf::{Btf, Kind, Type, essential_name};
use crate::relo::{Failure, Outcome, Reason, RelocKind, TargetType, Why};
use crate::show::{Declaration, Name, Subject};

use super::finding::Effect;
use super::layout::has_member;
use super::members::Steps;
use super::similar::Similar;

/// What advice goes by.
pub(super) struct Case<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) kind: RelocKind,
    pub(super) outcome: Outcome,
    pub(super) effect: Effect,
    /// The access as the source has it, if it does.
    pub(super) access: Option<&'a str>,
    pub(super) similar: &'a Similar,
    /// A type of the kernel that has the wanted name.
    pub(super) candidate: Option<TargetType>,
    /// Were the types of modules looked at?
    pub(super) has_modules: bool,
    /// How the kernel declares it, if it is there and something else.
    pub(super) declared: Option<&'a str>,
    /// Name of the section that accesses it.
    pub(super) section: &'a [u8],
}

impl Case<'_> {
    /// All that can be said.
    pub(super) fn advice(&self, steps: &mut Steps) -> Vec<String> {
        let mut advice = Vec::new();
        advice.extend(self.other_machine(steps));
        let is_machine = !advice.is_empty();
        if !is_machine {
            advice.extend(self.narrow_kernel());
        }
        match self.outcome {
            Outcome::Failed(failure) => advice.extend(self.failed(failure)),
            Outcome::Poison(reason) | Outcome::Absent(reason) => {
                if reason == Reason::NoCandidate && !self.has_modules && !is_machine {
                    advice.push(String::from(
                        "if a kernel module defines it, load the module, or pass its type \
                         information with --module-btf",
                    ));
                }
                if self.effect.is_problem() && !is_machine {
                    match self.nowhere_to_attach() {
                        Some(text) => advice.insert(0, text),
                        None => advice.extend(self.missing(reason)),
                    }
                }
            }
            Outcome::Value(_) | Outcome::Skipped => {}
        }
        advice
    }

    /// The program is for something that this kernel lacks too, so it is not to be loaded here.
    fn nowhere_to_attach(&self) -> Option<String> {
        let section = self.section.strip_prefix(b"?").unwrap_or(self.section);
        let at = section.iter().position(|byte| *byte == b'/')?;
        let (kind, name) = section.split_at_checked(at)?;
        let name = name.get(1..)?;
        let kind = kind.strip_suffix(b".s").unwrap_or(kind);
        let (prefix, wanted, word) = match kind {
            b"fentry" | b"fexit" | b"fmod_ret" | b"fsession" => ("", Kind::Func, "function"),
            b"tp_btf" => ("btf_trace_", Kind::Typedef, "tracepoint"),
            b"lsm" => ("bpf_lsm_", Kind::Func, "hook"),
            _ => return None,
        };
        let mut full = String::from(prefix).into_bytes();
        full.extend_from_slice(name);
        let has = |btf: &Btf<'_>| !matches!(btf.find(wanted, &full), Ok(None));
        // A module that was not looked at may have the function.
        let known = self.subject.targets.iter().any(has) || name.contains(&b':');
        (!known).then(|| {
            format!(
                "this kernel has no {word} `{}` either, which the program is for: don't load the \
                 program here (switch its autoload off)",
                Name(name)
            )
        })
    }

    fn missing(&self, reason: Reason) -> Vec<String> {
        let mut advice = Vec::new();
        match reason {
            Reason::SizeDiffers { .. } => {
                advice.push(String::from(
                    "read it with BPF_CORE_READ() or bpf_core_read() into a variable of \
                     bpf_core_field_size() bytes, which no size can spoil",
                ));
                return advice;
            }
            Reason::Narrowed { .. } => {
                advice.push(String::from(
                    "give each layout its own flavor of the struct in the program, and choose with \
                     bpf_core_field_exists()",
                ));
                return advice;
            }
            Reason::NoMatch { mismatch, .. } => match mismatch.why {
                Why::NoMember { .. } => advice.extend(self.renamed()),
                Why::Kinds { .. } | Why::Names { .. } | Why::Shapes { .. } => {
                    advice.extend(self.declared.map(|member| self.flavor(member)));
                }
                _ => {}
            },
            Reason::NoCandidate => {}
        }
        advice.push(self.guard(reason));
        advice
    }

    /// A flavor with the new name, if one name is surely it.
    fn renamed(&self) -> Option<String> {
        let member = self.similar.renamed.as_ref()?;
        Some(self.flavor(member))
    }

    fn flavor(&self, member: &str) -> String {
        format!(
            "to run on both kinds of kernel, declare this one's too, `struct {}___other {{ {member}; \
             }} __attribute__((preserve_access_index));`, and read that which \
             bpf_core_field_exists() finds",
            Name(self.subject.essential_root()),
        )
    }

    /// The check that would keep the program from it.
    fn guard(&self, reason: Reason) -> String {
        let check = if self.kind.is_enumval() {
            let spec = self.subject.spec();
            let name = spec.and_then(|(_, spec)| spec.last()?.name);
            let name = name.and_then(|at| self.subject.local.name(at).ok());
            format!(
                "bpf_core_enum_value_exists({}, {})",
                self.subject.root(),
                Name(name.unwrap_or(b"..."))
            )
        } else if !self.kind.is_field() || reason == Reason::NoCandidate {
            format!("bpf_core_type_exists({})", self.subject.root())
        } else {
            match self.access {
                Some(access) => format!("bpf_core_field_exists({access})"),
                None => {
                    let path = alloc::string::ToString::to_string(&self.subject.path());
                    let member = path.split_once('.').map_or("...", |(_, member)| member);
                    format!("bpf_core_field_exists({}, {member})", self.subject.root())
                }
            }
        };
        format!("where the program can do without it, check first: `if ({check})`")
    }

    fn failed(&self, failure: Failure) -> Option<String> {
        Some(match failure {
            Failure::Ambiguous { second, .. } if second.btf > 0 => String::from(
                "unload or leave out the module that brings the second one, or access only members \
                 in which both agree",
            ),
            Failure::Ambiguous { .. } => String::from(
                "the kernel was built with both; only members in which they agree can be accessed",
            ),
            Failure::InsnSize { .. } | Failure::NoInsnOfSize(_) => String::from(
                "read it with bpf_core_read() and bpf_core_field_size() instead of a plain load",
            ),
            Failure::ImmTooLarge(_) => String::from(
                "assign it to a 64-bit variable: 64-bit values are loaded by an instruction that \
                 has the room",
            ),
            Failure::InsnValue { .. } => String::from(
                "compile the object anew, with its type information, and relocate it once",
            ),
            _ => return None,
        })
    }

    /// The register struct of another machine.
    fn other_machine(&self, steps: &mut Steps) -> Option<String> {
        if !is_registers(self.subject.essential_root()) {
            return None;
        }
        let own = self
            .subject
            .local
            .type_by_id(self.subject.record.type_id)
            .ok()?;
        let object = machine(self.subject.local, own, steps)?;
        let kernel = self.subject.targets.first()?;
        let kernel = match self.candidate {
            Some(candidate) => {
                let target = self.subject.target(candidate.btf)?;
                machine(target, target.type_by_id(candidate.id).ok()?, steps)?
            }
            None => {
                let ty = kernel.find(Kind::Struct, b"pt_regs").ok()??;
                machine(kernel, ty, steps)?
            }
        };
        (object != kernel).then(|| {
            let ((object, macro_name), (kernel, other)) = (object, kernel);
            format!(
                "the object is compiled for {object} (-D__TARGET_ARCH_{macro_name}) and this kernel \
                 is one of {kernel}: registers are no matter of relocation, so compile the object \
                 once more with -D__TARGET_ARCH_{other}"
            )
        })
    }

    fn narrow_kernel(&self) -> Option<String> {
        let kernel = self.subject.target(self.candidate?.btf)?;
        let is_narrow = kernel.pointer_bytes() == 4 && self.subject.local.pointer_bytes() == 8;
        is_narrow.then(|| {
            String::from(
                "this kernel is a 32-bit one: pointers and `long` have 4 bytes in it, and 8 in the \
                 object",
            )
        })
    }
}

/// Is that the name of a struct of a machine's registers?
pub(super) fn is_registers(name: &[u8]) -> bool {
    let names = [&b"pt_regs"[..], b"user_pt_regs", b"user_regs_struct"];
    names.contains(&essential_name(name))
}

/// Whose registers a struct holds, and how libbpf's headers call that machine.
fn machine(
    btf: &Btf<'_>,
    registers: Type<'_>,
    steps: &mut Steps,
) -> Option<(&'static str, &'static str)> {
    const MACHINES: [(&[u8], &str, &str); 9] = [
        (b"orig_ax", "x86-64", "x86"),
        (b"pstate", "arm64", "arm64"),
        (b"gprs", "s390x", "s390"),
        (b"gpr", "powerpc", "powerpc"),
        (b"epc", "RISC-V", "riscv"),
        (b"uregs", "32-bit arm", "arm"),
        (b"csr_era", "LoongArch", "loongarch"),
        (b"cp0_epc", "MIPS", "mips"),
        (b"u_regs", "SPARC", "sparc"),
    ];
    let registers = btf.skip_mods(registers.id()).ok()?;
    MACHINES
        .iter()
        .find(|(member, ..)| has_member(btf, registers, member, steps))
        .map(|(_, name, macro_name)| (*name, *macro_name))
}

/// The wanted member with its type, and the struct that it is asked of; or the type, or the
/// enumerator.
pub(super) fn what(subject: &Subject<'_>) -> String {
    let root = subject.root();
    let Some((kind, spec)) = subject.spec() else {
        return format!("`{root}`");
    };
    let local = subject.local;
    let Some(last) = spec
        .accessors()
        .iter()
        .rev()
        .find(|accessor| accessor.name.is_some())
    else {
        return format!("`{root}`");
    };
    let name = last.name.and_then(|at| local.name(at).ok());
    let name = Name(name.unwrap_or(b"(bad name)"));
    if kind.is_enumval() {
        return format!("enumerator `{name}` of `{root}`");
    }
    let Ok(owner) = local.type_by_id(last.ty) else {
        return format!("`{root}`");
    };
    let owner_name = crate::show::TypeName::new(local, owner.id());
    let whose = if owner.name() == crate::units::StrOff::EMPTY {
        format!("`{root}`")
    } else {
        format!("`{owner_name}`")
    };
    match owner.members().get(last.index) {
        Some(member) => {
            let declaration = Declaration::of_member(local, &member);
            format!("`{declaration}` of {whose}")
        }
        None => format!("`{name}` of {whose}"),
    }
}
