//! The kernel's version as its own source code would print it: `LINUX_KERNEL_VERSION`.
//!
//! Enters: [`VersionEvidence`], gathered from the running kernel. Leaves: one [`KernelVersion`] and
//! where it came from. Evidence is weighed in this order:
//!
//! 1. The note in the vDSO: the constant `LINUX_VERSION_CODE` of this very build.
//! 2. `/proc/version_signature`, third word: `Ubuntu 5.4.0-12.15-generic 5.4.8` → 5.4.8.
//! 3. `uname -v` after `Debian `: `#1 SMP Debian 4.19.260-1 (2022-09-29)` → 4.19.260.
//! 4. `uname -r`: `6.18.44-fc-v595` → 6.18.44; a missing third number is 0 (`6.8-rc1` → 6.8.0).
//!
//! libbpf knows steps 2 to 4 and fails on two numbers. **When they disagree the note wins**: it is
//! what kernels before 5.0 compare a kprobe program's version with, and the others are strings that
//! a distribution made up for other uses. Checked on Debian's 6.1.192 image: its note says 6.1.192
//! and so does `uname -v`, while `uname -r` says 6.1.0. Known differences: 4.14.252 and 4.19.222
//! and later of those lines call themselves 255 in the note (their build clamped early), as
//! their own kprobe check wants it.
//!
//! A version says little where features are backported (RHEL): prefer existence checks.

use core::error::Error;
use core::fmt;
use std::fs::File;

use super::read::read_head;
use super::uname::uname;
use super::vdso;

/// `major << 16 | minor << 8 | patch`, the patch level clamped to 255 as the kernel's own constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KernelVersion(pub u32);

impl KernelVersion {
    /// Puts the parts together; each is clamped to what its 8 bits (16 for `major`) hold.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        const fn clamp(value: u32, max: u32) -> u32 {
            if value > max { max } else { value }
        }
        Self(clamp(major, 0xffff) << 16 | clamp(minor, 0xff) << 8 | clamp(patch, 0xff))
    }

    /// The first number.
    #[must_use]
    pub const fn major(self) -> u32 {
        self.0 >> 16
    }

    /// The second number.
    #[must_use]
    pub const fn minor(self) -> u32 {
        self.0 >> 8 & 0xff
    }

    /// The third number; 255 stands for 255 and more.
    #[must_use]
    pub const fn patch(self) -> u32 {
        self.0 & 0xff
    }

    /// Out of `/proc/version_signature`: the third word must start with three numbers.
    #[must_use]
    pub fn from_version_signature(text: &str) -> Option<Self> {
        Self::exact(text.split_ascii_whitespace().nth(2)?)
    }

    /// Out of `uname -v`: three numbers after `Debian `. Two (`Debian 7.3~rc7`) are not enough.
    #[must_use]
    pub fn from_uname_version(text: &str) -> Option<Self> {
        let (_, after) = text.split_once("Debian ")?;
        Self::exact(after)
    }

    /// Out of `uname -r`: two or three numbers at its start.
    #[must_use]
    pub fn from_uname_release(text: &str) -> Option<Self> {
        let (major, minor, patch) = leading_numbers(text)?;
        Some(Self::new(major, minor, patch.unwrap_or(0)))
    }

    fn exact(text: &str) -> Option<Self> {
        let (major, minor, patch) = leading_numbers(text)?;
        Some(Self::new(major, minor, patch?))
    }
}

impl fmt::Display for KernelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major(), self.minor(), self.patch())
    }
}

/// `a.b` or `a.b.c` at the start of a text, whatever follows.
fn leading_numbers(text: &str) -> Option<(u32, u32, Option<u32>)> {
    let (major, rest) = leading_number(text)?;
    let (minor, rest) = leading_number(rest.strip_prefix('.')?)?;
    let patch = rest
        .strip_prefix('.')
        .and_then(leading_number)
        .map(|(patch, _)| patch);
    Some((major, minor, patch))
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

/// Which of the four sources a version came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionSource {
    /// The note in the vDSO.
    VdsoNote,
    /// `/proc/version_signature` (Ubuntu).
    VersionSignature,
    /// `uname -v` (Debian).
    UnameVersion,
    /// `uname -r`.
    UnameRelease,
}

impl fmt::Display for VersionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VdsoNote => "the vDSO's Linux note",
            Self::VersionSignature => "/proc/version_signature",
            Self::UnameVersion => "uname -v",
            Self::UnameRelease => "uname -r",
        })
    }
}

/// A version and its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetectedVersion {
    /// The version.
    pub version: KernelVersion,
    /// Where it was read.
    pub source: VersionSource,
}

impl fmt::Display for DetectedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (from {})", self.version, self.source)
    }
}

/// All that a system says about its kernel's version; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionEvidence {
    /// `LINUX_VERSION_CODE` from the vDSO.
    pub vdso_note: Option<u32>,
    /// `/proc/version_signature`.
    pub version_signature: Option<String>,
    /// `uname -v`.
    pub uname_version: Option<String>,
    /// `uname -r`.
    pub uname_release: Option<String>,
}

impl VersionEvidence {
    /// Asks the running kernel.
    #[must_use]
    pub fn gather() -> Self {
        let (release, version) = uname().map(|names| (names.release, names.version)).unzip();
        Self {
            vdso_note: vdso::version_code(),
            version_signature: version_signature(),
            uname_version: version,
            uname_release: release,
        }
    }

    /// Weighs the evidence.
    ///
    /// # Errors
    /// [`UnknownVersion`] when no source holds a version.
    pub fn version(&self) -> Result<DetectedVersion, UnknownVersion> {
        let text = |text: &Option<String>, parse: fn(&str) -> Option<KernelVersion>| {
            text.as_deref().and_then(parse)
        };
        let note = self
            .vdso_note
            .map(KernelVersion)
            .filter(|version| version.major() > 0);
        let found = [
            (note, VersionSource::VdsoNote),
            (
                text(
                    &self.version_signature,
                    KernelVersion::from_version_signature,
                ),
                VersionSource::VersionSignature,
            ),
            (
                text(&self.uname_version, KernelVersion::from_uname_version),
                VersionSource::UnameVersion,
            ),
            (
                text(&self.uname_release, KernelVersion::from_uname_release),
                VersionSource::UnameRelease,
            ),
        ];
        found
            .into_iter()
            .find_map(|(version, source)| {
                Some(DetectedVersion {
                    version: version?,
                    source,
                })
            })
            .ok_or_else(|| UnknownVersion {
                evidence: self.clone(),
            })
    }
}

fn version_signature() -> Option<String> {
    let file = File::open("/proc/version_signature").ok()?;
    String::from_utf8(read_head(file, 4096).ok()?).ok()
}

/// The version of the running kernel.
///
/// # Errors
/// [`UnknownVersion`] when no source holds a version.
pub fn kernel_version() -> Result<DetectedVersion, UnknownVersion> {
    VersionEvidence::gather().version()
}

/// No source holds a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVersion {
    /// What was there instead.
    pub evidence: VersionEvidence,
}

impl fmt::Display for UnknownVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VersionEvidence {
            version_signature,
            uname_version,
            uname_release,
            ..
        } = &self.evidence;
        write!(
            f,
            "the kernel's version is unknown: no Linux note in the vDSO"
        )?;
        for (what, text) in [
            ("/proc/version_signature", version_signature),
            ("uname -v", uname_version),
            ("uname -r", uname_release),
        ] {
            match text {
                Some(text) => write!(f, ", {what} is {text:?}")?,
                None => write!(f, ", no {what}")?,
            }
        }
        Ok(())
    }
}

impl Error for UnknownVersion {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_is_read_by_its_own_rule() {
        let signature = KernelVersion::from_version_signature;
        assert_eq!(
            signature("Ubuntu 5.4.0-12.15-generic 5.4.8\n"),
            Some(KernelVersion(0x05_04_08))
        );
        let debian = KernelVersion::from_uname_version;
        assert_eq!(
            debian("#1 SMP Debian 4.19.260-1 (2022-09-29)"),
            Some(KernelVersion(0x04_13_ff))
        );
        assert_eq!(
            debian("#1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 (2024-05-03)"),
            Some(KernelVersion(0x06_01_5a))
        );
        let release = KernelVersion::from_uname_release;
        assert_eq!(release("6.18.44-fc-v669"), Some(KernelVersion(0x06_12_2c)));
        assert_eq!(release("7.3-cloud-amd64"), Some(KernelVersion(0x07_03_00)));
        assert_eq!(release("6.8-rc1"), Some(KernelVersion(0x06_08_00)));
        assert_eq!(release("6.8.-rc1"), Some(KernelVersion(0x06_08_00)));
        assert_eq!(release("5.10.300"), Some(KernelVersion(0x05_0a_ff)));

        for text in ["", "Ubuntu", "Ubuntu x", "Ubuntu x 5.4", "Ubuntu x y5.4.8"] {
            assert_eq!(signature(text), None, "{text}");
        }
        for text in [
            "",
            "#1 SMP",
            "Debian",
            "Debian ",
            "#1 SMP Debian 7.3~rc7-1~exp1",
            "Debian x.1.2",
        ] {
            assert_eq!(debian(text), None, "{text}");
        }
        for text in ["", "6", "6.", ".8", "v6.8", "99999999999.1.1", "6.x"] {
            assert_eq!(release(text), None, "{text}");
        }
    }

    #[test]
    fn parts_clamp_and_print() {
        assert_eq!(KernelVersion::new(4, 19, 260), KernelVersion(0x04_13_ff));
        assert_eq!(KernelVersion::new(6, 18, 44).to_string(), "6.18.44");
        assert_eq!(
            KernelVersion::new(u32::MAX, 300, 300),
            KernelVersion(u32::MAX)
        );
        let version = KernelVersion::new(6, 18, 44);
        assert_eq!(
            (version.major(), version.minor(), version.patch()),
            (6, 18, 44)
        );
    }

    #[test]
    fn the_note_wins_then_the_distribution_then_the_release() {
        // Debian bookworm; a disagreeing signature shows the order
        let mut evidence = VersionEvidence {
            vdso_note: Some(0x06_01_b0),
            version_signature: Some("Ubuntu 5.4.0-12.15-generic 5.4.8".into()),
            uname_version: Some("#1 SMP Debian 6.1.176-1 (2026-06-01)".into()),
            uname_release: Some("6.1.0-50-cloud-amd64".into()),
        };
        let next = |evidence: &VersionEvidence| evidence.version().unwrap().to_string();
        assert_eq!(next(&evidence), "6.1.176 (from the vDSO's Linux note)");
        evidence.vdso_note = Some(0); // an emulator's
        assert_eq!(next(&evidence), "5.4.8 (from /proc/version_signature)");
        evidence.version_signature = None;
        assert_eq!(next(&evidence), "6.1.176 (from uname -v)");
        evidence.uname_version = Some("#1 SMP".into());
        assert_eq!(next(&evidence), "6.1.0 (from uname -r)");
        evidence.uname_release = Some("custom".into());
        let error = evidence.version().unwrap_err().to_string();
        let expected = "the kernel's version is unknown: no Linux note in the vDSO, no /proc/version_signature, \
                        uname -v is \"#1 SMP\", uname -r is \"custom\"";
        assert_eq!(error, expected);
    }

    #[test]
    fn the_running_kernel_agrees_with_itself() {
        let evidence = VersionEvidence::gather();
        let detected = evidence.version().unwrap();
        let release =
            KernelVersion::from_uname_release(evidence.uname_release.as_deref().unwrap()).unwrap();
        assert_eq!(detected.version.0 >> 8, release.0 >> 8, "{evidence:?}");
    }
}
