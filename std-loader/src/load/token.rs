//! A BPF token, for loads in a user namespace.
//!
//! Enters: the directory of a BPF file system that delegates. Leaves: a [`Token`], which all calls
//! of the load carry. Rule: libbpf's `bpf_object_prepare_token`; the variable
//! `LIBBPF_BPF_TOKEN_PATH`, which it honours, is honoured here too.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use crate::error::ErrorKind;
use crate::object::Object;
use crate::sys::bpf::token_create;
use crate::sys::map_flags::TOKEN_FD;

use super::Step;

/// Environment variable with the directory, where the user of the library says nothing.
const VARIABLE: &str = "LIBBPF_BPF_TOKEN_PATH";

/// A token.
pub(super) struct Token(OwnedFd);

impl Token {
    /// The token that the object's user, or the environment, asks for.
    pub(super) fn open(object: &Object) -> Result<Option<Self>, ErrorKind> {
        let path = match &object.token_path {
            Some(path) => Some(path.clone()),
            None => std::env::var_os(VARIABLE).map(PathBuf::from),
        };
        let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else {
            return Ok(None);
        };
        let directory = File::open(&path).map_err(|error| ErrorKind::Token {
            path: path.clone(),
            source: error,
        })?;
        let token = token_create(directory.as_fd());
        let item = path.display().to_string();
        let token = token.map_err(|source| ErrorKind::sys(Step::CreateToken, &item, source))?;
        Ok(Some(Self(token)))
    }

    /// Its descriptor.
    pub(super) fn fd(token: Option<&Self>) -> Option<BorrowedFd<'_>> {
        token.map(|token| token.0.as_fd())
    }

    /// The flag of calls that carry one; maps, programs and BTF have the same.
    pub(super) const fn flag(token: Option<&Self>) -> u32 {
        match token {
            Some(_) => TOKEN_FD,
            None => 0,
        }
    }
}
