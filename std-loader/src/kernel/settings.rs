//! The values of `CONFIG_` options.
//!
//! Enters: the names an object needs, and text that the user may have given. Leaves: [`Settings`],
//! one answer a name, each with file and line, which [`Setting::store`] puts into the extern. The
//! user's text is asked first and wins; only if a name is still open is the system's looked for.
//!
//! A name without an answer is no error here, nor is a system without any file: a disabled option
//! is simply absent. Whether it may be depends on the extern being weak. libbpf fails even weak
//! externs when no file exists; a caller of this need not.

use core::error::Error;
use core::fmt;
use std::path::PathBuf;

use relocore::Endian;

use super::attempt::Attempt;
use super::config_source::SystemConfig;
use super::extern_class::ExternClass;
use super::kconfig::{Entry, Kconfig, LineError, shorten};
use super::kconfig_value::{Stored, store};
use super::store_error::StoreError;

/// Which text an answer came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigOrigin {
    /// The text that the user gave.
    UserText,
    /// A file of the system.
    File(PathBuf),
}

impl fmt::Display for ConfigOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UserText => f.write_str("given configuration"),
            Self::File(path) => fmt::Display::fmt(&path.display(), f),
        }
    }
}

/// One option's value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `CONFIG_` and the rest.
    pub name: String,
    /// What follows the `=`.
    pub value: Vec<u8>,
    /// The text it is in.
    pub origin: ConfigOrigin,
    /// Its line there, from 1.
    pub line: usize,
}

impl Setting {
    /// Puts the value into an extern's slot ([`store`]).
    ///
    /// # Errors
    /// [`ConfigError`] with file, line, name and cause; the slot is unchanged then.
    pub fn store(
        &self,
        class: ExternClass,
        endian: Endian,
        out: &mut [u8],
    ) -> Result<Stored, ConfigError> {
        store(class, &self.value, endian, out).map_err(|error| ConfigError {
            origin: self.origin.clone(),
            problem: ConfigProblem::Value {
                line: self.line,
                name: self.name.clone(),
                error,
            },
        })
    }
}

/// Answers to a list of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// For each name, in the order asked, its value if any text has one.
    pub found: Vec<Option<Setting>>,
    /// The system's files that were tried; empty when the user's text answered everything.
    pub attempts: Vec<Attempt>,
}

impl Settings {
    /// The error for a caller who can't do without these names.
    #[must_use]
    pub fn unset(&self, names: Vec<String>) -> UnsetExterns {
        UnsetExterns {
            names,
            attempts: self.attempts.clone(),
        }
    }
}

/// A configuration that can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The text at fault.
    pub origin: ConfigOrigin,
    /// What is wrong with it.
    pub problem: ConfigProblem,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigProblem {
    /// A malformed line.
    Line(LineError),
    /// A value that does not go into its extern.
    Value {
        /// Its line, from 1.
        line: usize,
        /// The option.
        name: String,
        /// Why not.
        error: StoreError,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            ConfigProblem::Line(error) => write!(f, "{}: {error}", self.origin),
            ConfigProblem::Value { line, name, error } => {
                write!(f, "{}: line {line}: {name}: {error}", self.origin)
            }
        }
    }
}

impl Error for ConfigError {}

/// Strong externs that no configuration sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsetExterns {
    /// The externs.
    pub names: Vec<String>,
    /// The system's files that were tried.
    pub attempts: Vec<Attempt>,
}

impl fmt::Display for UnsetExterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not set in the kernel's configuration: {}",
            self.names.join(", ")
        )?;
        f.write_str(" (declare an extern __weak if its option may be off); tried:")?;
        self.attempts
            .iter()
            .try_for_each(|attempt| write!(f, "\n  {attempt}"))
    }
}

impl Error for UnsetExterns {}

/// Looks up `names`, first in `user_text`, then, if one is still open, in what `system` returns
/// (usually [`read_system_config`](super::read_system_config)). Each text is checked to its end.
///
/// # Errors
/// [`ConfigError`] for a malformed line in either text.
pub fn lookup_config(
    names: &[&[u8]],
    user_text: Option<&[u8]>,
    system: impl FnOnce() -> SystemConfig,
) -> Result<Settings, ConfigError> {
    let mut settings = Settings {
        found: vec![None; names.len()],
        attempts: Vec::new(),
    };
    if let Some(text) = user_text {
        settings.fill(names, text, &ConfigOrigin::UserText)?;
    }
    if settings.found.iter().any(Option::is_none) {
        let SystemConfig { found, attempts } = system();
        settings.attempts = attempts;
        if let Some((path, text)) = found {
            settings.fill(names, &text, &ConfigOrigin::File(path))?;
        }
    }
    Ok(settings)
}

impl Settings {
    fn fill(
        &mut self,
        names: &[&[u8]],
        text: &[u8],
        origin: &ConfigOrigin,
    ) -> Result<(), ConfigError> {
        let mut entries = vec![None; names.len()];
        Kconfig::new(text)
            .fill(names, &mut entries)
            .map_err(|error| ConfigError {
                origin: origin.clone(),
                problem: ConfigProblem::Line(error),
            })?;
        for (slot, entry) in self.found.iter_mut().zip(entries) {
            if slot.is_none() {
                *slot = entry.map(|Entry { line, name, value }| Setting {
                    name: shorten(name),
                    value: value.to_vec(),
                    origin: origin.clone(),
                    line,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HZ: &[u8] = b"CONFIG_HZ";

    fn system(text: &str) -> impl FnOnce() -> SystemConfig {
        let found = Some(("/boot/config-6.1".into(), text.as_bytes().to_vec()));
        move || SystemConfig {
            found,
            attempts: vec![Attempt::used("/boot/config-6.1".into())],
        }
    }

    #[test]
    fn the_users_text_wins_and_may_suffice() {
        let never = || panic!("the system must not be asked");
        let settings = lookup_config(&[HZ], Some(b"CONFIG_HZ=300"), never).unwrap();
        let hz = settings.found[0].as_ref().unwrap();
        assert_eq!(
            (hz.value.as_slice(), &hz.origin, hz.line),
            (&b"300"[..], &ConfigOrigin::UserText, 1)
        );
        assert!(settings.attempts.is_empty());
        assert_eq!(lookup_config(&[], None, never), Ok(Settings::default()));

        let text = "CONFIG_HZ=250\nCONFIG_A=y\n";
        let settings = lookup_config(
            &[HZ, b"CONFIG_A", b"CONFIG_B"],
            Some(b"CONFIG_HZ=300"),
            system(text),
        )
        .unwrap();
        let values: Vec<_> = settings
            .found
            .iter()
            .map(|s| s.as_ref().map(|s| s.value.as_slice()))
            .collect();
        assert_eq!(values, [Some(&b"300"[..]), Some(b"y"), None]);
        let error = settings.unset(vec!["CONFIG_B".into()]).to_string();
        let expected = "not set in the kernel's configuration: CONFIG_B (declare an extern __weak if its option may \
                        be off); tried:\n  /boot/config-6.1: used";
        assert_eq!(error, expected);
    }

    #[test]
    fn errors_name_file_line_and_cause() {
        let error = lookup_config(&[HZ], Some(b"\nCONFIG_X"), system("")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "given configuration: line 2: no `=` in `CONFIG_X`"
        );
        let error = lookup_config(&[HZ], None, system("CONFIG_X=\n")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/boot/config-6.1: line 1: no value after `=` in `CONFIG_X=`"
        );
        let class = ExternClass::Int {
            size_bytes: 4,
            signed: true,
        };
        let settings = lookup_config(&[HZ], None, system("#\nCONFIG_HZ=\"250\"\n")).unwrap();
        let error = settings.found[0]
            .as_ref()
            .unwrap()
            .store(class, Endian::Little, &mut [0; 4])
            .unwrap_err();
        let expected = "/boot/config-6.1: line 2: CONFIG_HZ: value `\\\"250\\\"` needs an array of char; \
                        the extern is: signed integer of 4 bytes";
        assert_eq!(error.to_string(), expected);
    }
}
