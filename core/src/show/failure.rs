//! Why a record can't be relocated at all, in one sentence; and errors with names.
//!
//! Enters: a [`Subject`] and the [`Failure`] of its outcome, or an [`Error`] and the BTF that it is
//! about. Leaves: a sentence, and where the program's author can do something, what.

use core::fmt;

use crate::btf::{Btf, Type};
use crate::error::{Error, Site};
use crate::relo::{Failure, MAX_ACCESSORS, RelocKind, TargetType};
use crate::units::TypeId;

use super::answer::Answer;
use super::name::Name;
use super::shapes::Counted;
use super::subject::Subject;
use super::type_name::{TypeName, keyword};

/// Why a record can't be relocated.
#[derive(Clone, Copy, Debug)]
pub struct FailureText<'a> {
    subject: Subject<'a>,
    failure: Failure,
}

impl<'a> FailureText<'a> {
    /// The text of `failure`, which is from the outcome of the subject's record.
    #[must_use]
    pub const fn new(subject: Subject<'a>, failure: Failure) -> Self {
        Self { subject, failure }
    }
}

/// Offsets from here on have not been worked out: the types say more than 32 bits can.
const OFFSET_LIMIT: u64 = 1 << 29;

impl fmt::Display for FailureText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = &self.subject;
        let path = subject.path();
        match self.failure {
            Failure::Local(error) => {
                write!(
                    f,
                    "the object's type information is wrong: {}",
                    ErrorText::new(subject.local, error)
                )
            }
            Failure::Target(error) => {
                f.write_str("the kernel's type information is wrong: ")?;
                match subject.target(0) {
                    Some(target) => ErrorText::new(target, error).fmt(f),
                    None => error.fmt(f),
                }
            }
            Failure::UnknownKind(kind) => {
                write!(
                    f,
                    "the record is of kind {kind}, which is newer than this library"
                )
            }
            Failure::AccessSyntax => self.syntax(f),
            Failure::AccessTooLong => write!(
                f,
                "`{path}` takes more than {MAX_ACCESSORS} steps, in the object or in the kernel"
            ),
            Failure::AccessMismatch { position, at } => self.mismatch(f, position, at),
            Failure::AnonymousRoot => {
                let ty = subject.local.type_by_id(subject.record.type_id);
                let word = ty.map_or("type", |ty| keyword(&ty));
                write!(
                    f,
                    "the access starts at an anonymous {word}, which no kernel type can be found \
                     by: give the {word} a name, or access it through the struct around it"
                )
            }
            Failure::NotOfElement => {
                let what = match subject.kind() {
                    Some(RelocKind::FieldSigned) => "sign",
                    _ => "bit shifts",
                };
                write!(
                    f,
                    "the record asks for the {what} of array element `{path}`: only members have them"
                )
            }
            Failure::Bitfield { .. } => write!(
                f,
                "no load of up to 8 bytes covers bitfield `{path}`, in the object or in the kernel"
            ),
            Failure::Ambiguous {
                first,
                second,
                first_value,
                second_value,
            } => self.ambiguous(f, first, second, [first_value, second_value]),
            Failure::TooComplex => write!(
                f,
                "the types around `{path}` are so intertwined that comparing them was given up"
            ),
            Failure::NoInsn => {
                let at = subject.record.insn_off;
                write!(
                    f,
                    "the record is for byte {at} of its section, where no whole instruction is"
                )
            }
            Failure::Insn { code } => write!(
                f,
                "the instruction (opcode {code:#04x}) holds no offset or constant to relocate"
            ),
            Failure::InsnValue { expected, found } => {
                let (expected, found) = (expected.cast_signed(), found.cast_signed());
                write!(
                    f,
                    "the instruction holds {found} where the object's own types say {expected}: \
                     code and type information are not of one compilation, or it is relocated already"
                )
            }
            Failure::OffsetTooLarge(offset) if offset >= OFFSET_LIMIT => {
                write!(
                    f,
                    "`{path}` would be beyond byte {OFFSET_LIMIT}, where nothing is"
                )
            }
            Failure::OffsetTooLarge(offset) => write!(
                f,
                "`{path}` is at byte {offset} in the kernel, and a load or store reaches {} at most: \
                 read it with bpf_core_read() or BPF_CORE_READ(), which have no such limit",
                i16::MAX
            ),
            Failure::ImmTooLarge(value) => {
                write!(
                    f,
                    "the new value, {value}, does not fit the 32 bits of its instruction"
                )
            }
            Failure::InsnSize {
                insn_bytes,
                field_bytes,
            } => write!(
                f,
                "`{path}` has another size in the kernel, but its instruction can't be resized: it \
                 moves {insn_bytes} of the field's {field_bytes} bytes"
            ),
            Failure::NoInsnOfSize(bytes) => write!(
                f,
                "`{path}` has {} in the kernel, and loads and stores have 1, 2, 4 or 8",
                Counted(bytes, "byte")
            ),
        }
    }
}

impl FailureText<'_> {
    fn access(&self) -> Name<'_> {
        Name(
            self.subject
                .local
                .name(self.subject.record.access)
                .unwrap_or(b"(bad name)"),
        )
    }

    fn syntax(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let access = self.access();
        let must_be = match self.subject.kind() {
            Some(kind) if kind.is_field() => "numbers between single colons",
            Some(kind) if kind.is_enumval() => "the number of an enumerator",
            _ => "`0`, as for any record about a type as a whole",
        };
        write!(
            f,
            "the record's access string is `{access}` and should be {must_be}"
        )
    }

    /// Number `position` of the access string leads nowhere from type `at`.
    fn mismatch(&self, f: &mut fmt::Formatter<'_>, position: u8, at: TypeId) -> fmt::Result {
        let local = self.subject.local;
        let (access, name) = (self.access(), TypeName::new(local, at));
        let part = self
            .access()
            .0
            .split(|&byte| byte == b':')
            .nth(usize::from(position));
        let number = Name(part.unwrap_or(&[]));
        let ty = local.type_by_id(at).ok();
        let has =
            |kind: fn(&Type<'_>) -> bool| ty.as_ref().filter(|ty| kind(ty)).map(|ty| ty.vlen());
        write!(
            f,
            "the record's access string `{access}` does not fit the object's types: "
        )?;
        if let Some(count) = has(|ty| ty.kind().is_enum()) {
            let enumerators = Counted(count, "enumerator");
            return write!(
                f,
                "`{name}` has {enumerators}, and `{access}` names none of them"
            );
        }
        if self.subject.kind().is_some_and(RelocKind::is_enumval) {
            return write!(f, "`{name}` is no enum");
        }
        if let Some(count) = has(|ty| ty.kind().is_composite()) {
            let members = Counted(count, "member");
            return write!(f, "`{name}` has {members}, none of them number {number}");
        }
        match ty.and_then(|ty| ty.array()) {
            Some(_) => write!(f, "`{name}` has no element {number}"),
            None => write!(f, "`{name}` has neither members nor elements"),
        }
    }

    fn ambiguous(
        &self,
        f: &mut fmt::Formatter<'_>,
        first: TargetType,
        second: TargetType,
        [one, other]: [u64; 2],
    ) -> fmt::Result {
        let subject = &self.subject;
        let name = subject.target_type(first.btf, first.id);
        let path = subject.path();
        write!(f, "`{name}` is in {}", subject.place(first.btf))?;
        if first.btf == second.btf {
            f.write_str(" more than once")?;
        } else {
            write!(f, " and in {}", subject.place(second.btf))?;
        }
        write!(f, ", and which is meant can't be told: `{path}` is ")?;
        match subject.kind() {
            _ if one == other => f.write_str("at different bits of them"),
            // These have the value 1 wherever they match, so it must be the offset that differs.
            Some(RelocKind::FieldExists) => {
                let kind = RelocKind::FieldByteOffset;
                write!(
                    f,
                    "{} of the one, {} of the other",
                    Answer::new(kind, one),
                    Answer::new(kind, other)
                )
            }
            Some(RelocKind::FieldByteOffset) => {
                let kind = RelocKind::FieldByteOffset;
                write!(
                    f,
                    "{} of the one, {} of the other",
                    Answer::new(kind, one),
                    Answer::new(kind, other)
                )
            }
            Some(RelocKind::TypeIdTarget) => f.write_str("the id of either"),
            Some(kind @ (RelocKind::EnumvalValue | RelocKind::TypeSize)) => {
                write!(
                    f,
                    "{} in the one, {} in the other",
                    Answer::new(kind, one),
                    Answer::new(kind, other)
                )
            }
            // Of a field's size, sign and shifts the numbers may also be the offset's.
            _ => write!(f, "another one in each ({one} against {other})"),
        }
    }
}

/// An [`Error`] with the name of the type that it is about.
#[derive(Clone, Copy, Debug)]
pub struct ErrorText<'a> {
    btf: &'a Btf<'a>,
    error: Error,
}

impl<'a> ErrorText<'a> {
    /// The text of `error`, whose type ids are those of `btf`.
    #[must_use]
    pub const fn new(btf: &'a Btf<'a>, error: Error) -> Self {
        Self { btf, error }
    }
}

impl fmt::Display for ErrorText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error.site() {
            Site::Type(id) if self.btf.type_by_id(id).is_ok() => {
                write!(
                    f,
                    "{}, in type {} `{}`",
                    self.error.kind(),
                    id.0,
                    TypeName::new(self.btf, id)
                )
            }
            // A type that does not exist has no name; the others are places in files.
            site @ (Site::Type(_)
            | Site::Call
            | Site::Btf(_)
            | Site::Ext(_)
            | Site::Elf(_)
            | Site::Section(_)
            | Site::Symbol(_)) => write!(f, "{}, {site}", self.error.kind()),
        }
    }
}
