//! A program before it is loaded.
//!
//! Enters: an entry function and its section's name. Leaves: a [`Program`], which the user may
//! change until the object is loaded.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::sys::{AttachType, ProgType};

use super::sec::Sec;

/// A program of an object.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) name: String,
    pub(crate) section: String,
    pub(crate) sec: Sec,
    /// Its function, by place in the object's list.
    pub(crate) function: usize,
    /// What the user has said of it; else its section decides.
    autoload: Option<bool>,
    autoattach: bool,
    prog_type: ProgType,
    attach_type: AttachType,
    flags: u32,
    attach_target: Option<String>,
    attach_program: Option<Arc<OwnedFd>>,
    log_level: Option<u32>,
}

impl Program {
    pub(super) fn new(name: &str, section: &str, function: usize) -> Self {
        let mut program = Self {
            name: name.to_owned(),
            section: section.to_owned(),
            sec: Sec::parse(section),
            function,
            autoload: None,
            autoattach: true,
            prog_type: ProgType::UNSPEC,
            attach_type: AttachType::default(),
            flags: 0,
            attach_target: None,
            attach_program: None,
            log_level: None,
        };
        program.take_sec(program.sec.clone());
        program
    }

    /// Becomes what that section's name says.
    pub(super) fn take_sec(&mut self, sec: Sec) {
        if let Some(kind) = sec.kind {
            self.prog_type = kind.prog_type;
            self.attach_type = kind.attach_type;
            self.flags = kind.flags;
        }
        self.sec = sec;
    }

    /// Name of its function.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name of its section: `raw_tp/sched_switch`.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// What its section's name says.
    #[must_use]
    pub const fn sec(&self) -> &Sec {
        &self.sec
    }

    /// What kind of program; `UNSPEC` if its section's name is not known.
    #[must_use]
    pub const fn prog_type(&self) -> ProgType {
        self.prog_type
    }

    /// Where it will be attached; 0 for types that are not checked for it.
    #[must_use]
    pub const fn attach_type(&self) -> AttachType {
        self.attach_type
    }

    /// Makes it another kind of program than its section's name says, or one at all where the
    /// name says nothing.
    pub const fn set_type(&mut self, prog_type: ProgType, attach_type: AttachType) -> &mut Self {
        self.prog_type = prog_type;
        self.attach_type = attach_type;
        self
    }

    /// `BPF_F_` flags of its load.
    #[must_use]
    pub const fn flags(&self) -> u32 {
        self.flags
    }

    /// Sets the `BPF_F_` flags of its load.
    pub const fn set_flags(&mut self, flags: u32) -> &mut Self {
        self.flags = flags;
        self
    }

    /// What it is for: the function, tracepoint, hook or iterator, from the user or its section's
    /// name.
    #[must_use]
    pub fn attach_target(&self) -> Option<&str> {
        let named = self.attach_target.as_deref();
        named.or(self.sec.target.as_deref())
    }

    /// Says what it is for, where the section's name does not: of `fentry`, `fexit`, `fmod_ret` a
    /// function (`module:function` to have it from there), of `tp_btf` a tracepoint, of `lsm` a
    /// hook, of `iter` what is iterated over, of `freplace` a function of the program that
    /// [`set_attach_program`](Self::set_attach_program) names.
    pub fn set_attach_target(&mut self, target: impl Into<String>) -> &mut Self {
        self.attach_target = Some(target.into());
        self
    }

    /// The program whose function it replaces or traces.
    #[must_use]
    pub const fn attach_program(&self) -> Option<&Arc<OwnedFd>> {
        self.attach_program.as_ref()
    }

    /// Has it replace (`freplace`) or trace (`fentry`, `fexit`) a function of that program, in
    /// place of one of the kernel's.
    pub fn set_attach_program(&mut self, program: impl Into<Arc<OwnedFd>>) -> &mut Self {
        self.attach_program = Some(program.into());
        self
    }

    /// Whether it will be loaded. Of `struct_ops` programs, those that a map of operations holds
    /// are, if the map is created.
    #[must_use]
    pub fn autoload(&self) -> bool {
        self.autoload.unwrap_or(self.sec.autoload)
    }

    /// Has it loaded, or not. What is not loaded is not looked at either: its relocations and
    /// externs can be wrong.
    pub const fn set_autoload(&mut self, autoload: bool) -> &mut Self {
        self.autoload = Some(autoload);
        self
    }

    /// What the user has said.
    pub(crate) const fn chosen_autoload(&self) -> Option<bool> {
        self.autoload
    }

    /// Whether it belongs to those that are attached when the whole object is.
    #[must_use]
    pub const fn autoattach(&self) -> bool {
        self.autoattach
    }

    /// Has it attached with the whole object, or left out then.
    pub const fn set_autoattach(&mut self, autoattach: bool) -> &mut Self {
        self.autoattach = autoattach;
        self
    }

    /// What the verifier is to write, whether it takes the program or not: 1 the failing path, 2
    /// every instruction, 4 statistics, or sums of them. `None`, at first, is as the
    /// [object](super::Object::log_level) says.
    #[must_use]
    pub const fn log_level(&self) -> Option<u32> {
        self.log_level
    }

    /// Sets it.
    pub const fn set_log_level(&mut self, level: u32) -> &mut Self {
        self.log_level = Some(level);
        self
    }
}
