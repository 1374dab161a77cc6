//! Creating maps.
//!
//! Enters: definitions, the object's BTF, the value of `.kconfig`, operations of the kernel. Leaves:
//! maps in the same order ([`Made`]), filled and, those that are constant, frozen: the verifier
//! takes their contents for constants only if nobody can change them any more. Rules: libbpf's
//! `bpf_object__create_maps`. A map that is there already (reused, or pinned and alike) is taken
//! as it is.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};

use relocore::TypeId;

use crate::error::ErrorKind;
use crate::map::{Map, MapError, MapSpec};
use crate::object::{MapDefinition, MapProblem, MapRole, Object};
use crate::sys::bpf::{MapCreate, MapFd};
use crate::sys::mmap::SharedMmap;
use crate::sys::{MapType, SysError, UpdateMode, map_flags};

use super::Step;
use super::arena;
use super::feature::{Feature, has, is_refusal};
use super::map_name::kernel_name;
use super::map_size::max_entries;
use super::memlock::with_memlock;
use super::modules::ModuleFds;
use super::pins;
use super::struct_ops::{Operations, Plan};
use super::token::Token;
use super::unknown;

/// A map that was created, or taken.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) map: Map,
    /// Whether it was there already.
    pub(super) is_reused: bool,
    /// Whether user space may map its variables.
    pub(super) is_mappable: bool,
    /// Whether it has the object's constants.
    pub(super) is_rodata: bool,
    /// An arena's memory: programs that use it can be loaded only while it is mapped.
    pub(super) arena: Option<Arc<Mutex<SharedMmap>>>,
}

/// What maps are made of.
pub(super) struct Material<'a> {
    pub(super) object: &'a Object,
    pub(super) btf: Option<BorrowedFd<'a>>,
    pub(super) kconfig: &'a [u8],
    pub(super) operations: &'a Plan,
    pub(super) modules: &'a ModuleFds,
    pub(super) token: Option<&'a Token>,
}

impl Material<'_> {
    /// Creates all maps of an object; those that are not to be created are `None`.
    pub(super) fn create(&self) -> Result<Vec<Option<Made>>, ErrorKind> {
        let definitions = self.object.parts.maps.iter().enumerate();
        let made = definitions.map(|(nth, definition)| {
            let wanted = definition.autocreate.then_some(definition);
            wanted.map(|one| self.one(nth, one)).transpose()
        });
        made.collect()
    }

    fn one(&self, nth: usize, definition: &MapDefinition) -> Result<Made, ErrorKind> {
        if let Some(fd) = &definition.reuse {
            let fd = duplicate(definition, fd)?;
            return take(definition, fd, Step::ReuseMap);
        }
        if let Some(fd) = pins::open(self.object, definition)? {
            let made = take(definition, fd, Step::ReuseMap)?;
            check_alike(definition, made.map.spec())?;
            return Ok(made);
        }
        let inner = self.inner(definition)?;
        let operations = self.operations.maps.get(&nth);
        let mut made = self.create_one(definition, inner.as_ref().map(AsFd::as_fd), operations)?;
        let initial = match definition.role {
            MapRole::Kconfig => self.kconfig,
            _ => &definition.initial,
        };
        if definition.map_type == MapType::ARENA {
            made.arena = Some(arena::map(definition, &made.map)?);
        } else if definition.role.is_data() && !initial.is_empty() {
            let fill = (made.map).update(&0_u32.to_ne_bytes(), initial, UpdateMode::ANY);
            fill.map_err(|error| ErrorKind::Map(Step::FillMap, error))?;
        }
        if definition.role.is_constant() {
            let frozen = made.map.freeze();
            frozen.map_err(|error| ErrorKind::Map(Step::FreezeMap, error))?;
        }
        Ok(made)
    }

    /// Of a map of maps, a map like those that it will hold.
    fn inner(&self, definition: &MapDefinition) -> Result<Option<Inner>, ErrorKind> {
        if !holds_maps(definition.map_type) {
            return Ok(None);
        }
        if let Some(like) = &definition.inner_like {
            return Ok(Some(Inner::Given(Arc::clone(like))));
        }
        let Some(inner) = &definition.inner else {
            return Err(ErrorKind::MapDefinition {
                map: definition.name.clone(),
                problem: MapProblem::NoInner,
            });
        };
        Ok(Some(Inner::Made(self.create_one(inner, None, None)?.map)))
    }

    fn create_one(
        &self,
        definition: &MapDefinition,
        inner: Option<BorrowedFd<'_>>,
        operations: Option<&Operations>,
    ) -> Result<Made, ErrorKind> {
        let spec = MapSpec {
            name: kernel_name(&self.object.name, definition),
            map_type: definition.map_type,
            key_size: definition.key_size,
            value_size: operations.map_or(definition.value_size, |one| one.value_bytes()),
            max_entries: max_entries(definition)?,
            flags: definition.flags,
            numa_node: definition.numa_node,
            map_extra: definition.map_extra,
        };
        let module = operations.and_then(|one| one.value_type.module);
        let module = module.map(|nth| self.modules.fd(nth)).transpose()?;
        let in_module = module.map_or(0, |_| map_flags::VTYPE_BTF_OBJ_FD);
        let types = self.types(definition);
        let create = MapCreate {
            map_type: spec.map_type,
            key_size: spec.key_size,
            value_size: spec.value_size,
            max_entries: spec.max_entries,
            flags: spec.flags | in_module | Token::flag(self.token),
            name: &spec.name,
            inner_map: inner,
            numa_node: spec.numa_node,
            ifindex: definition.ifindex,
            btf: types.map(|(btf, ..)| btf),
            btf_key_type_id: types.map_or(0, |(_, key, _)| key.0),
            btf_value_type_id: types.map_or(0, |(.., value)| value.0),
            btf_vmlinux_value_type_id: operations.map_or(0, |one| one.value_type.id.0),
            map_extra: spec.map_extra,
            value_type_btf_obj: module,
            token: Token::fd(self.token),
        };
        let (fd, flags) = create_on_any_kernel(&create, definition.role, self.token)
            .map_err(|error| create_error(definition, error))?;
        let lost_mapping = flags & map_flags::MMAPABLE != create.flags & map_flags::MMAPABLE;
        Ok(Made {
            map: Map::from_parts(fd, spec),
            is_reused: false,
            is_rodata: definition.role == MapRole::RoData,
            is_mappable: definition.is_mappable && !lost_mapping,
            arena: None,
        })
    }

    /// BTF, and the types of keys and values in it, where the kernel takes them.
    fn types(&self, definition: &MapDefinition) -> Option<(BorrowedFd<'_>, TypeId, TypeId)> {
        let btf = self.btf?;
        if definition.map_type == MapType::STRUCT_OPS {
            // The value's type is the kernel's; the object's BTF must be there all the same.
            return Some((btf, TypeId::VOID, TypeId::VOID));
        }
        // A type of keys only together with one of values.
        let described = definition.value_type != TypeId::VOID && takes_btf(definition.map_type);
        described.then_some((btf, definition.key_type, definition.value_type))
    }
}

impl Operations {
    fn value_bytes(&self) -> u32 {
        u32::try_from(self.value.len()).unwrap_or(u32::MAX)
    }
}

/// A map like those in a map of maps; needed only until that is created.
enum Inner {
    Given(Arc<OwnedFd>),
    Made(Map),
}

impl AsFd for Inner {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Given(fd) => fd.as_fd(),
            Self::Made(map) => map.as_fd(),
        }
    }
}

/// Creates it as it is, or, where the kernel refuses, with less of what an older one does not
/// know: types of its contents, a mapping for user space, a name. Gives the flags, too.
fn create_on_any_kernel(
    create: &MapCreate<'_>,
    role: MapRole,
    token: Option<&Token>,
) -> Result<(MapFd, u32), SysError> {
    let make = |create: &MapCreate<'_>| with_memlock(|| MapFd::create(create));
    let mut older = *create;
    let first = match make(create) {
        Ok(fd) => return Ok((fd, create.flags)),
        Err(error) => error,
    };
    if is_refusal(first) {
        if older.btf_value_type_id > 0 {
            // What a map holds is described to those who list it; few types depend on it.
            (older.btf, older.btf_key_type_id, older.btf_value_type_id) = (None, 0, 0);
            if let Ok(fd) = make(&older) {
                return Ok((fd, older.flags));
            }
        }
        if role.is_data() && older.flags & map_flags::MMAPABLE != 0 {
            older.flags &= !map_flags::MMAPABLE;
            if let Ok(fd) = make(&older) {
                return Ok((fd, older.flags));
            }
        }
        if !has(Feature::ProgramName, token) {
            older.name = "";
            if let Ok(fd) = make(&older) {
                return Ok((fd, older.flags));
            }
        }
    }
    Err(first)
}

fn duplicate(definition: &MapDefinition, fd: &OwnedFd) -> Result<OwnedFd, ErrorKind> {
    let copy = fd.try_clone();
    copy.map_err(|error| {
        let errno = error.raw_os_error().unwrap_or(nix::libc::EMFILE);
        let source = SysError {
            call: "fcntl(F_DUPFD)",
            errno,
        };
        map_error(Step::ReuseMap, &definition.name, source)
    })
}

/// Takes a map that is there already.
fn take(definition: &MapDefinition, fd: OwnedFd, step: Step) -> Result<Made, ErrorKind> {
    let error = |error| map_error(step, &definition.name, error);
    let (fd, info) = MapFd::from_fd(fd).map_err(error)?;
    let spec = MapSpec {
        name: info.name,
        map_type: info.map_type,
        key_size: info.key_size,
        value_size: info.value_size,
        max_entries: info.max_entries,
        flags: info.flags,
        numa_node: definition.numa_node,
        map_extra: info.map_extra,
    };
    let map = Map::from_parts(fd, spec);
    let is_arena = definition.map_type == MapType::ARENA;
    let arena = is_arena.then(|| arena::map(definition, &map)).transpose()?;
    Ok(Made {
        is_mappable: definition.is_mappable && map.spec().flags & map_flags::MMAPABLE != 0,
        map,
        is_reused: true,
        is_rodata: definition.role == MapRole::RoData,
        arena,
    })
}

/// Whether a map that was pinned before is what the object declares (libbpf's
/// `map_is_reuse_compat`).
fn check_alike(definition: &MapDefinition, found: &MapSpec) -> Result<(), ErrorKind> {
    let flags = match definition.map_type {
        // The kernel adds it on its own.
        MapType::DEVMAP | MapType::DEVMAP_HASH => found.flags & !map_flags::RDONLY_PROG,
        _ => found.flags,
    };
    let pairs = [
        (
            "type",
            definition.map_type.0.into(),
            found.map_type.0.into(),
        ),
        (
            "key_size",
            definition.key_size.into(),
            found.key_size.into(),
        ),
        (
            "value_size",
            definition.value_size.into(),
            found.value_size.into(),
        ),
        (
            "max_entries",
            max_entries(definition)?.into(),
            found.max_entries.into(),
        ),
        ("map_flags", definition.flags.into(), flags.into()),
        ("map_extra", definition.map_extra, found.map_extra),
    ];
    match pairs.into_iter().find(|(_, wanted, found)| wanted != found) {
        None => Ok(()),
        Some((what, wanted, found)) => Err(ErrorKind::MapDefinition {
            map: definition.name.clone(),
            problem: MapProblem::Unlike {
                what,
                wanted,
                found,
            },
        }),
    }
}

fn create_error(definition: &MapDefinition, source: SysError) -> ErrorKind {
    let step = Step::CreateMap;
    let unknown =
        unknown::map_type(definition.map_type, definition.flags).filter(|_| is_refusal(source));
    match unknown {
        Some(unknown) => ErrorKind::TooOld {
            step,
            item: definition.name.clone(),
            source,
            unknown,
        },
        None => map_error(step, &definition.name, source),
    }
}

pub(super) fn map_error(step: Step, map: &str, source: SysError) -> ErrorKind {
    let map = map.to_owned();
    ErrorKind::Map(step, MapError::Sys { map, source })
}

const fn holds_maps(map_type: MapType) -> bool {
    matches!(map_type, MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS)
}

/// Types whose creation fails if it says what they hold.
const fn takes_btf(map_type: MapType) -> bool {
    !matches!(
        map_type,
        MapType::PERF_EVENT_ARRAY
            | MapType::CGROUP_ARRAY
            | MapType::STACK_TRACE
            | MapType::ARRAY_OF_MAPS
            | MapType::HASH_OF_MAPS
            | MapType::DEVMAP
            | MapType::DEVMAP_HASH
            | MapType::CPUMAP
            | MapType::XSKMAP
            | MapType::SOCKMAP
            | MapType::SOCKHASH
            | MapType::QUEUE
            | MapType::STACK
            | MapType::ARENA
    )
}
