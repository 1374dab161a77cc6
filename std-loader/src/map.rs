//! A map as an object.
//!
//! Enters: a [`MapSpec`]; then keys and values as bytes. Leaves: the bytes that the kernel holds.
//! A key or value of the wrong length is an error that says which and how long it should be.

use core::error::Error;
use core::fmt;
use std::os::fd::{AsFd, BorrowedFd};

use nix::libc;

use crate::sys::bpf::{MapCreate, MapFd, map_freeze};
use crate::sys::{MapType, SysError, UpdateMode};

/// What a map is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapSpec {
    /// Its name in the object. The kernel keeps 15 bytes of it.
    pub name: String,
    /// What kind of map.
    pub map_type: MapType,
    /// Bytes of a key; 0 for types without keys.
    pub key_size: u32,
    /// Bytes of a value (for per-CPU types: of one CPU's value).
    pub value_size: u32,
    /// Entries at most; for ring buffers the size in bytes: a power of two and whole pages.
    pub max_entries: u32,
    /// [`map_flags`](crate::sys::map_flags).
    pub flags: u32,
    /// NUMA node of its memory, with the flag `BPF_F_NUMA_NODE`.
    pub numa_node: u32,
    /// More for some types: hash functions of a bloom filter, address of an arena.
    pub map_extra: u64,
}

/// BTF that describes a map's keys and values to those who list it.
#[derive(Clone, Copy, Debug)]
pub struct MapBtf<'a> {
    /// The loaded BTF.
    pub btf: BorrowedFd<'a>,
    /// Type of the keys; 0 is none.
    pub key_type_id: u32,
    /// Type of the values; 0 is none.
    pub value_type_id: u32,
}

/// A map that this process created. It lives until all descriptors and programs let go of it.
#[derive(Debug)]
pub struct Map {
    fd: MapFd,
    spec: MapSpec,
}

/// An operation on a map that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapError {
    /// A key or value has not the length that the map has.
    Size {
        /// Name of the map.
        map: String,
        /// `key` or `value`.
        what: &'static str,
        /// Bytes that the map's has.
        expected: usize,
        /// Bytes that were given.
        found: usize,
    },
    /// The kernel said no.
    Sys {
        /// Name of the map.
        map: String,
        /// The call and its errno.
        source: SysError,
    },
}

impl Map {
    /// Creates a map.
    ///
    /// # Errors
    /// [`MapError::Sys`]: `EINVAL` for sizes, flags or a type that this kernel does not accept,
    /// `EPERM`, `ENOMEM`, `E2BIG`.
    pub fn create(spec: MapSpec, btf: Option<MapBtf<'_>>) -> Result<Self, MapError> {
        let create = MapCreate {
            map_type: spec.map_type,
            key_size: spec.key_size,
            value_size: spec.value_size,
            max_entries: spec.max_entries,
            flags: spec.flags,
            numa_node: spec.numa_node,
            map_extra: spec.map_extra,
            name: &spec.name,
            btf: btf.map(|btf| btf.btf),
            btf_key_type_id: btf.map_or(0, |btf| btf.key_type_id),
            btf_value_type_id: btf.map_or(0, |btf| btf.value_type_id),
            ..MapCreate::default()
        };
        match MapFd::create(&create) {
            Ok(fd) => Ok(Self { fd, spec }),
            Err(source) => Err(MapError::Sys {
                map: spec.name,
                source,
            }),
        }
    }

    /// Puts a map together whose descriptor the loader has made.
    pub(crate) const fn from_parts(fd: MapFd, spec: MapSpec) -> Self {
        Self { fd, spec }
    }

    /// What it was created as.
    #[must_use]
    pub const fn spec(&self) -> &MapSpec {
        &self.spec
    }

    /// Bytes of a value as it is looked up and updated. For per-CPU types: one after the other
    /// those of all CPUs that are possible here, each rounded up to 8. For maps of descriptors: 4.
    #[must_use]
    pub const fn value_bytes(&self) -> usize {
        self.fd.value_len()
    }

    /// The value under `key`; `None` when there is none.
    ///
    /// # Errors
    /// [`MapError::Size`], or [`MapError::Sys`] for types without lookup.
    pub fn lookup(&self, key: &[u8]) -> Result<Option<Vec<u8>>, MapError> {
        let mut value = vec![0; self.value_bytes()];
        Ok(self.lookup_into(key, &mut value)?.then_some(value))
    }

    /// Copies the value under `key` into `value`; `false` when there is none.
    ///
    /// # Errors
    /// [`MapError::Size`], or [`MapError::Sys`] for types without lookup.
    pub fn lookup_into(&self, key: &[u8], value: &mut [u8]) -> Result<bool, MapError> {
        self.check_key(key)?;
        self.check_value(value)?;
        self.found(self.fd.lookup(key, value, 0))
    }

    /// Stores `value` under `key`.
    ///
    /// # Errors
    /// [`MapError::Size`], or [`MapError::Sys`]: `EEXIST` or `ENOENT` as `mode` demands, `E2BIG`
    /// when the map is full, `EPERM` when it is frozen.
    pub fn update(&self, key: &[u8], value: &[u8], mode: UpdateMode) -> Result<(), MapError> {
        self.check_key(key)?;
        self.check_value(value)?;
        self.fd
            .update(key, value, mode)
            .map_err(|error| self.error(error))
    }

    /// Removes `key`; `false` when it was absent.
    ///
    /// # Errors
    /// [`MapError::Size`], or [`MapError::Sys`]: `EINVAL` for arrays, `EPERM` when it is frozen.
    pub fn delete(&self, key: &[u8]) -> Result<bool, MapError> {
        self.check_key(key)?;
        self.found(self.fd.delete(key))
    }

    /// The key after `key`, in an order of the kernel's; the first one for `None` or an absent
    /// `key`, and `None` after the last.
    ///
    /// # Errors
    /// [`MapError::Size`], or [`MapError::Sys`] for types that cannot be listed.
    pub fn next_key(&self, key: Option<&[u8]>) -> Result<Option<Vec<u8>>, MapError> {
        if let Some(key) = key {
            self.check_key(key)?;
        }
        let mut next = vec![0; self.fd.key_len()];
        Ok(self
            .found(self.fd.next_key(key, &mut next))?
            .then_some(next))
    }

    /// All keys. While others insert and delete, some may come twice and some not at all; it ends
    /// after `max_entries` keys even then.
    #[must_use]
    pub const fn keys(&self) -> Keys<'_> {
        Keys {
            map: self,
            last: None,
            left: self.spec.max_entries,
        }
    }

    /// Makes it read-only for system calls, for good. Programs write on unless it was created with
    /// `RDONLY_PROG`.
    ///
    /// # Errors
    /// [`MapError::Sys`]: `EPERM` when it is frozen already (older kernels `EBUSY`), `EBUSY`
    /// when it is mapped for writing.
    pub fn freeze(&self) -> Result<(), MapError> {
        map_freeze(self.as_fd()).map_err(|error| self.error(error))
    }

    pub(crate) const fn fd(&self) -> &MapFd {
        &self.fd
    }

    pub(crate) fn error(&self, source: SysError) -> MapError {
        MapError::Sys {
            map: self.spec.name.clone(),
            source,
        }
    }

    fn found(&self, result: Result<(), SysError>) -> Result<bool, MapError> {
        match result {
            Ok(()) => Ok(true),
            Err(error) if error.errno == libc::ENOENT => Ok(false),
            Err(error) => Err(self.error(error)),
        }
    }

    fn check_key(&self, key: &[u8]) -> Result<(), MapError> {
        self.check("key", key.len(), self.fd.key_len())
    }

    fn check_value(&self, value: &[u8]) -> Result<(), MapError> {
        self.check("value", value.len(), self.fd.value_len())
    }

    fn check(&self, what: &'static str, found: usize, expected: usize) -> Result<(), MapError> {
        if found == expected {
            return Ok(());
        }
        Err(MapError::Size {
            map: self.spec.name.clone(),
            what,
            expected,
            found,
        })
    }
}

impl AsFd for Map {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The keys of a map, from [`Map::keys`]. Ends after an error.
#[derive(Debug)]
pub struct Keys<'a> {
    map: &'a Map,
    last: Option<Vec<u8>>,
    left: u32,
}

impl Iterator for Keys<'_> {
    type Item = Result<Vec<u8>, MapError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let next = self.map.next_key(self.last.as_deref()).transpose();
        match &next {
            Some(Ok(key)) => self.last = Some(key.clone()),
            _ => self.left = 0,
        }
        next
    }
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size {
                map,
                what,
                expected,
                found,
            } => {
                write!(f, "map {map}: a {what} has {expected} bytes, not {found}")
            }
            Self::Sys { map, source } => write!(f, "map {map}: {source}"),
        }
    }
}

impl Error for MapError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Size { .. } => None,
            Self::Sys { source, .. } => Some(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::bpf::testing;
    use crate::sys::possible_cpus;

    fn map(map_type: MapType, value_size: u32, max_entries: u32) -> Map {
        let spec = MapSpec {
            name: "test.map".into(),
            map_type,
            key_size: 4,
            value_size,
            max_entries,
            ..MapSpec::default()
        };
        Map::create(spec, None).unwrap()
    }

    fn errno(error: &MapError) -> Option<i32> {
        match error {
            MapError::Sys { source, .. } => Some(source.errno),
            MapError::Size { .. } => None,
        }
    }

    #[test]
    fn an_array_keeps_values_until_frozen() {
        if testing::skip("an_array_keeps_values_until_frozen") {
            return;
        }
        let map = map(MapType::ARRAY, 8, 2);
        let (key, value) = (1_u32.to_ne_bytes(), *b"relocore");
        map.update(&key, &value, UpdateMode::ANY).unwrap();
        assert_eq!(map.lookup(&key).unwrap().unwrap(), value);
        assert_eq!(map.lookup(&2_u32.to_ne_bytes()), Ok(None));
        assert_eq!(errno(&map.delete(&key).unwrap_err()), Some(libc::EINVAL));

        map.freeze().unwrap();
        let error = map.update(&key, &[0; 8], UpdateMode::ANY).unwrap_err();
        assert_eq!(errno(&error), Some(libc::EPERM));
        let text = error.to_string();
        assert!(
            text.starts_with("map test.map: bpf(BPF_MAP_UPDATE_ELEM): EPERM ("),
            "{text}"
        );
        assert!(text.contains("frozen"), "{text}");
        assert_eq!(map.lookup(&key).unwrap().unwrap(), value);
        let again = errno(&map.freeze().unwrap_err());
        assert!(
            matches!(again, Some(libc::EPERM | libc::EBUSY)),
            "{again:?}"
        );
    }

    #[test]
    fn a_hash_lists_its_keys() {
        if testing::skip("a_hash_lists_its_keys") {
            return;
        }
        let map = map(MapType::HASH, 1, 8);
        assert_eq!(map.keys().count(), 0);
        for i in 0..8_u32 {
            map.update(&i.to_ne_bytes(), &[i as u8], UpdateMode::NO_EXIST)
                .unwrap();
        }
        let again = map.update(&[0; 4], &[0], UpdateMode::NO_EXIST).unwrap_err();
        assert_eq!(errno(&again), Some(libc::EEXIST));
        let mut keys: Vec<_> = map
            .keys()
            .map(|key| u32::from_ne_bytes(key.unwrap().try_into().unwrap()))
            .collect();
        keys.sort_unstable();
        assert_eq!(keys, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(
            (map.delete(&[0; 4]), map.delete(&[0; 4])),
            (Ok(true), Ok(false))
        );
        assert_eq!(map.keys().count(), 7);
    }

    #[test]
    fn a_per_cpu_value_has_one_part_a_cpu() {
        if testing::skip("a_per_cpu_value_has_one_part_a_cpu") {
            return;
        }
        let map = map(MapType::PERCPU_ARRAY, 5, 1);
        let cpus = possible_cpus().unwrap();
        assert_eq!(map.value_bytes(), 8 * cpus);
        let value: Vec<u8> = (0..cpus)
            .flat_map(|cpu| [cpu as u8, 1, 2, 3, 4, 0, 0, 0])
            .collect();
        map.update(&[0; 4], &value, UpdateMode::ANY).unwrap();
        assert_eq!(map.lookup(&[0; 4]).unwrap().unwrap(), value);
    }

    #[test]
    fn wrong_lengths_are_errors() {
        if testing::skip("wrong_lengths_are_errors") {
            return;
        }
        let map = map(MapType::PERCPU_ARRAY, 8, 1);
        // Most tempting mistake: one CPU's value for a per-CPU map.
        let error = map.update(&[0; 4], &[0; 7], UpdateMode::ANY).unwrap_err();
        let expected = map.value_bytes();
        assert_eq!(
            error.to_string(),
            format!("map test.map: a value has {expected} bytes, not 7")
        );
        let error = map.lookup(&[0; 8]).unwrap_err();
        assert_eq!(error.to_string(), "map test.map: a key has 4 bytes, not 8");
        assert!(map.lookup_into(&[0; 4], &mut []).is_err());
        assert!(map.next_key(Some(&[])).is_err());
    }
}
