//! Why the target lacks something, in one sentence.
//!
//! Enters: a [`Subject`] and the [`Reason`] of its outcome. Leaves: a sentence that names what was
//! looked for and what is there instead.

use core::fmt;

use crate::btf::{Encoding, Kind, Type, flavor};
use crate::relo::{Accessor, Reason};

use super::mismatch::MismatchText;
use super::name::Name;
use super::shapes::{Counted, noun};
use super::subject::Subject;
use super::type_name::keyword;

/// Why the target lacks what a record asks for.
///
/// ```text
/// the kernel has no struct named `foo`
/// `struct task_struct` has no member `state` in the kernel
/// `S.flags` has 8 bytes in the object and 4 in the kernel, and its load or store can't be resized: it is signed in the object
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ReasonText<'a> {
    subject: Subject<'a>,
    reason: Reason,
}

impl<'a> ReasonText<'a> {
    /// The text of `reason`, which is from the outcome of the subject's record.
    #[must_use]
    pub const fn new(subject: Subject<'a>, reason: Reason) -> Self {
        Self { subject, reason }
    }
}

impl fmt::Display for ReasonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = &self.subject;
        match self.reason {
            Reason::NoCandidate => self.no_candidate(f),
            Reason::NoMatch {
                candidates,
                first,
                mismatch,
            } => {
                MismatchText::new(*subject, first, mismatch).fmt(f)?;
                match candidates {
                    0 | 1 => Ok(()),
                    2 => f.write_str(", and the other type of that name does not fit either"),
                    _ => {
                        let others = candidates.saturating_sub(1);
                        write!(
                            f,
                            ", and the {others} other types of that name do not fit either"
                        )
                    }
                }
            }
            Reason::Narrowed { would_fit } => {
                let name = subject.target_type(would_fit.btf, would_fit.id);
                let place = subject.place(would_fit.btf);
                write!(
                    f,
                    "`{name}` of {place} would fit, but an earlier record settled on another type \
                     of that name, and the layouts of both are never mixed in one object"
                )
            }
            Reason::SizeDiffers {
                local_bytes,
                target_bytes,
            } => self.size_differs(f, local_bytes, target_bytes),
        }
    }
}

impl ReasonText<'_> {
    fn no_candidate(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Subject { local, record, .. } = self.subject;
        let ty = local.type_by_id(record.type_id);
        let word = ty.as_ref().map_or("type", |ty| match ty.kind() {
            Kind::Fwd => "forward declaration",
            Kind::Int => "integer type",
            Kind::Float => "floating-point type",
            Kind::Func => "function",
            _ => keyword(ty),
        });
        let name = Name(self.subject.essential_root());
        match self.subject.targets.len() {
            0 => return write!(f, "there is no kernel BTF to look for {word} `{name}` in"),
            1 => write!(f, "the kernel has no {word} named `{name}`")?,
            _ => write!(
                f,
                "neither the kernel nor a module has a {word} named `{name}`"
            )?,
        }
        let whole = ty.and_then(|ty| local.name(ty.name())).unwrap_or(&[]);
        match flavor(whole) {
            Some(_) => write!(f, ", of which `{}` is a flavor", Name(whole)),
            None => Ok(()),
        }
    }

    fn size_differs(&self, f: &mut fmt::Formatter<'_>, local: u32, target: u32) -> fmt::Result {
        let path = self.subject.path();
        // Bitfields have no size that a plain load could have.
        match (local, target) {
            (_, 0) => {
                return write!(
                    f,
                    "`{path}` is a bitfield in the kernel and none in the object: read it with \
                     BPF_CORE_READ_BITFIELD()"
                );
            }
            (0, _) => {
                return write!(
                    f,
                    "`{path}` is a bitfield in the object and none in the kernel"
                );
            }
            _ => {}
        }
        write!(
            f,
            "`{path}` has {} in the object and {target} in the kernel, and its load or store can't \
             be resized: ",
            Counted(local, "byte")
        )?;
        let Some(ty) = self.field() else {
            return f.write_str("it is no unsigned integer");
        };
        match (ty.kind(), ty.int()) {
            (Kind::Int, Some(int)) if int.encoding == Encoding::Signed => {
                f.write_str("it is signed in the object")
            }
            // The local side can be resized, so the target's sign is what forbids it.
            (Kind::Int, _) => f.write_str("it is signed in the kernel"),
            (kind, _) => write!(f, "it is {}", noun(kind)),
        }
    }

    /// The local field's type.
    fn field(&self) -> Option<Type<'_>> {
        let local = self.subject.local;
        let (_, spec) = self.subject.spec()?;
        let id = match spec.last()? {
            Accessor { ty, name: None, .. } => ty,
            Accessor { ty, index, .. } => local.type_by_id(ty).ok()?.members().get(index)?.ty,
        };
        local.skip_mods(id).ok()
    }
}
