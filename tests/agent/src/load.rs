//! From patched instructions to an attached program: the small part of a loader that one agent
//! needs.
//!
//! Enters: a [`Plan`] and each program's instructions, relocated. Leaves: maps, the object's BTF,
//! programs, attached. It takes maps defined by BTF, global data, `.kconfig` externs and programs
//! without calls of subprograms; what else an object may have is refused by name.

use core::ffi::CStr;

use relocore::btf::{Btf, Kind, Type};
use relocore::elf::{Object, ProgramRange, Section, Symbol};
use relocore::ext::Ext;
use relocore::insn::{INSN_BYTES, Insn};
use relocore::plan::Plan;

use crate::bpf::{self, MapShape, ProgramShape};
use crate::fixup;
use crate::kernel::Kernel;
use crate::sys::{Errno, Fd};

/// What ended it.
#[derive(Clone, Copy, Debug)]
pub enum Error {
    /// A part of the object or of the kernel's BTF is wrong.
    Input,
    /// The kernel refused.
    Refused(&'static str, Errno),
    /// The object needs more than this loader can.
    Beyond(&'static str),
}

impl From<relocore::Error> for Error {
    fn from(_: relocore::Error) -> Self {
        Self::Input
    }
}

pub type Result<T> = core::result::Result<T, Error>;

fn refused(step: &'static str) -> impl Fn(Errno) -> Error {
    move |errno| Error::Refused(step, errno)
}

/// Maps that an object may have.
const MAPS: usize = 16;
/// Externs of its `.kconfig`; each gets 8 bytes of their map.
pub const EXTERNS: usize = 8;

/// A map, and how relocations refer to it.
#[derive(Clone, Copy, Debug)]
struct Map<'a> {
    /// By the name of its symbol (of `.maps`), or by the number of its section.
    name: &'a [u8],
    section: Option<u32>,
    fd: Fd,
    shape: MapShape,
}

/// An object's maps and BTF.
#[derive(Debug)]
pub struct Loader<'a> {
    object: Object<'a>,
    local: Btf<'a>,
    maps: [Option<Map<'a>>; MAPS],
    /// Names of the externs, in the order of their map.
    externs: [&'a [u8]; EXTERNS],
    extern_map: Option<Fd>,
    /// The object's BTF; without it programs are loaded all the same.
    pub btf: core::result::Result<Fd, Errno>,
    license: &'a CStr,
}

impl<'a> Loader<'a> {
    /// Creates the maps, with the values of global data, and loads the BTF.
    pub fn new(plan: &Plan<'a>, kernel: &Kernel) -> Result<Self> {
        let object = *plan.object();
        let license = match object.section_by_name(b"license") {
            Some(section) => CStr::from_bytes_until_nul(section.data()?).unwrap_or(c""),
            None => c"",
        };
        let mut loader = Self {
            object,
            local: *plan.local(),
            maps: [None; MAPS],
            externs: [&[]; EXTERNS],
            extern_map: None,
            btf: Err(Errno(0)),
            license,
        };
        loader.defined_maps()?;
        for section in object.sections() {
            let name = section.name()?;
            let is = |start: &[u8]| name.starts_with(start);
            if section.size() > 0 && (is(b".rodata") || is(b".data") || is(b".bss")) {
                loader.data_map(&section, is(b".rodata"))?;
            }
        }
        loader.kconfig_map(kernel)?;
        let mut image = [0; fixup::MOST_BYTES];
        loader.btf = bpf::btf_load(fixup::prepared(&object, &loader.local, &mut image)?);
        Ok(loader)
    }

    fn add(&mut self, map: Map<'a>) -> Result<()> {
        let free = self.maps.iter_mut().find(|map| map.is_none());
        *free.ok_or(Error::Beyond("more than 16 maps"))? = Some(map);
        Ok(())
    }

    /// The maps that the variables of `.maps` describe by their types.
    fn defined_maps(&mut self) -> Result<()> {
        let Some(datasec) = self.local.find(Kind::Datasec, b".maps")? else {
            return Ok(());
        };
        for entry in datasec.section_vars() {
            let var = self.local.type_by_id(entry.var)?;
            let shape = shape(&self.local, &self.local.skip_mods(var.referred())?)?;
            let fd = bpf::map_create(&shape).map_err(refused("a map"))?;
            let name = self.local.name(var.name())?;
            self.add(Map {
                name,
                section: None,
                fd,
                shape,
            })?;
        }
        Ok(())
    }

    /// The map that holds a section's variables.
    fn data_map(&mut self, section: &Section<'a>, constant: bool) -> Result<()> {
        let shape = MapShape {
            kind: bpf::ARRAY,
            key_bytes: 4,
            value_bytes: section.size() as u32,
            max_entries: 1,
            flags: if constant { bpf::RDONLY_PROG } else { 0 },
        };
        let fd = bpf::map_create(&shape).map_err(refused("a map of global data"))?;
        let data = section.data()?;
        if !data.is_empty() {
            bpf::set(fd, data, constant).map_err(refused("global data"))?;
        }
        self.add(Map {
            name: &[],
            section: Some(section.index()),
            fd,
            shape,
        })
    }

    /// The map with what the object wants to know of the kernel's configuration.
    fn kconfig_map(&mut self, kernel: &Kernel) -> Result<()> {
        let Some(datasec) = self.local.find(Kind::Datasec, b".kconfig")? else {
            return Ok(());
        };
        let mut values = [[0; 8]; EXTERNS];
        let mut places = self.externs.iter_mut().zip(&mut values);
        for entry in datasec.section_vars() {
            let (name, value) = places.next().ok_or(Error::Beyond("more than 8 externs"))?;
            let var = self.local.type_by_id(entry.var)?;
            *name = self.local.name(var.name())?;
            let known = match *name {
                b"LINUX_KERNEL_VERSION" => u64::from(kernel.version),
                name => kernel.option(name).unwrap_or(0), // all of them must be weak
            };
            *value = match entry.size_bytes {
                4 => {
                    let [a, b, c, d] = (known as u32).to_ne_bytes();
                    [a, b, c, d, 0, 0, 0, 0]
                }
                8 => known.to_ne_bytes(),
                _ => return Err(Error::Beyond("an extern that is no number of 4 or 8 bytes")),
            };
        }
        let shape = MapShape {
            kind: bpf::ARRAY,
            key_bytes: 4,
            value_bytes: size_of_val(&values) as u32,
            max_entries: 1,
            flags: bpf::RDONLY_PROG,
        };
        let fd = bpf::map_create(&shape).map_err(refused("the map of .kconfig"))?;
        bpf::set(fd, values.as_flattened(), true).map_err(refused(".kconfig"))?;
        self.extern_map = Some(fd);
        Ok(())
    }

    /// The ring buffer, if there is one: its map and bytes.
    pub fn ring(&self) -> Option<(Fd, usize)> {
        let mut maps = self.maps.iter().flatten();
        let ring = maps.find(|map| map.shape.kind == bpf::RINGBUF)?;
        Some((ring.fd, ring.shape.max_entries as usize))
    }

    /// Loads and attaches the program in `range`; `text` is its whole section, relocated.
    pub fn load(&self, range: &ProgramRange, text: &mut [u8], log: &mut [u8]) -> Result<()> {
        let symbols = self.object.symbols()?;
        let section = self.object.section(range.section)?;
        for relocation in self.object.relocations(range.section) {
            let relocation = relocation?;
            let symbol = symbols.get(relocation.symbol)?;
            self.refer(&symbol, text, relocation.offset as usize)?;
        }
        let start = range.offset_bytes as usize;
        let insns = text.get(start..start + range.size_bytes as usize);
        // The kernel's name of the tracepoint is the rest of the section's, up to its NUL.
        let mut attach_to = [0; 64];
        let name = section.name()?.strip_prefix(b"raw_tp/");
        let name = name.ok_or(Error::Beyond("a program that is no raw_tp"))?;
        for (to, from) in attach_to.iter_mut().take(63).zip(name) {
            *to = *from;
        }
        let shape = ProgramShape {
            kind: bpf::RAW_TRACEPOINT,
            insns: insns.unwrap_or_default(),
            license: self.license,
            name: symbols.get(range.symbol)?.name()?,
            function: self.btf.ok().zip(self.function(range, section.name()?)?),
        };
        let program = match bpf::prog_load(&shape, &mut []) {
            Ok(program) => program,
            Err(_) => bpf::prog_load(&shape, log).map_err(refused("a program"))?,
        };
        let attach_to = CStr::from_bytes_until_nul(&attach_to).unwrap_or(c"");
        bpf::attach_raw_tracepoint(attach_to, program).map_err(refused("attaching"))?;
        Ok(())
    }

    /// The BTF id of the function that starts where the program does.
    fn function(&self, range: &ProgramRange, section: &[u8]) -> Result<Option<u32>> {
        let Some(ext) = self.object.btf_ext()? else {
            return Ok(None);
        };
        for group in Ext::parse(ext)?.func_infos() {
            if self.local.name(group.section())? == section {
                let mut infos = group.into_iter();
                let info = infos.find(|info| info.insn_off == range.offset_bytes);
                return Ok(info.map(|info| info.type_id.0));
            }
        }
        Ok(None)
    }

    /// Puts a map or the address of a variable into the instruction at `at`.
    fn refer(&self, symbol: &Symbol<'_>, text: &mut [u8], at: usize) -> Result<()> {
        const MAP: u8 = 1; // BPF_PSEUDO_MAP_FD
        const MAP_VALUE: u8 = 2; // BPF_PSEUDO_MAP_VALUE
        const NOWHERE: Error = Error::Beyond("a reference to something else than maps and globals");
        let slots = text.get_mut(at..at.saturating_add(2 * INSN_BYTES));
        let (slots, _) = slots.ok_or(NOWHERE)?.as_chunks_mut::<INSN_BYTES>();
        let [first, second] = slots else {
            return Err(NOWHERE);
        };
        let mut insn = Insn::decode(*first, self.object.endian());
        let mut next = Insn::decode(*second, self.object.endian());
        if !insn.is_ld_imm64() {
            return Err(Error::Beyond("a call of a subprogram"));
        }
        let name = symbol.name()?;
        let addend = insn.imm;
        let mut maps = self.maps.iter().flatten();
        let (kind, fd, offset) = if symbol.is_undefined() {
            let place = self.externs.iter().position(|one| *one == name);
            let (place, fd) = place.zip(self.extern_map).ok_or(NOWHERE)?;
            (MAP_VALUE, fd, (place * 8) as i32)
        } else if let Some(map) = maps.clone().find(|map| map.section == symbol.section()) {
            (
                MAP_VALUE,
                map.fd,
                addend.wrapping_add(symbol.value() as i32),
            )
        } else {
            let map = maps.find(|map| map.section.is_none() && map.name == name);
            (MAP, map.ok_or(NOWHERE)?.fd, 0)
        };
        (insn.src, insn.imm, next.imm) = (kind, fd.0 as i32, offset);
        *first = insn.encode(self.object.endian());
        *second = next.encode(self.object.endian());
        Ok(())
    }
}

/// What a map definition's members say: numbers as lengths of arrays, types as what is pointed to.
fn shape(btf: &Btf<'_>, definition: &Type<'_>) -> Result<MapShape> {
    let mut shape = MapShape::default();
    for member in definition.members() {
        let target = btf.skip_mods(member.ty)?.referred();
        let number =
            || -> Result<u32> { Ok(btf.type_by_id(target)?.array().map_or(0, |array| array.len)) };
        match btf.name(member.name)? {
            b"type" => shape.kind = number()?,
            b"max_entries" => shape.max_entries = number()?,
            b"map_flags" => shape.flags = number()?,
            b"key_size" => shape.key_bytes = number()?,
            b"value_size" => shape.value_bytes = number()?,
            b"key" => shape.key_bytes = btf.size_bytes(target)?,
            b"value" => shape.value_bytes = btf.size_bytes(target)?,
            _ => return Err(Error::Beyond("a member of a map definition")),
        }
    }
    Ok(shape)
}
