//! The bundled kernels: BTF of real ones, compressed.
//!
//! Enters: nothing. Leaves: raw BTF bytes. `tests/data/kernels/README.md` says where they are from.

use std::io::Read;

use crate::Failure;

/// A bundled kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel {
    /// Version and architecture.
    pub(super) name: &'static str,
    zst: &'static [u8],
}

macro_rules! kernel {
    ($name:literal) => {
        Kernel {
            name: $name,
            zst: include_bytes!(concat!(
                "../../../../tests/data/kernels/",
                $name,
                ".btf.zst"
            )),
        }
    };
}

/// Oldest first; the last is big-endian.
pub(super) const BUNDLED: [Kernel; 6] = [
    kernel!("5.10-amd64"),
    kernel!("6.1-amd64"),
    kernel!("6.12-amd64"),
    kernel!("7.2-amd64"),
    kernel!("6.12-arm64"),
    kernel!("6.12-s390x"),
];

impl Kernel {
    /// Its BTF.
    pub(super) fn btf(&self) -> Result<Vec<u8>, Failure> {
        let broken = |error: &dyn core::fmt::Display| {
            Failure::Input(format!("bundled BTF of {}: {error}", self.name))
        };
        let mut decoder =
            ruzstd::decoding::StreamingDecoder::new(self.zst).map_err(|error| broken(&error))?;
        let mut bytes = Vec::with_capacity(6 << 20);
        decoder
            .read_to_end(&mut bytes)
            .map_err(|error| broken(&error))?;
        Ok(bytes)
    }
}
