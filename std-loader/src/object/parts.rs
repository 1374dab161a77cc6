//! Reading an object into plain values.
//!
//! Enters: the bytes of a file. Leaves: [`Parts`]: functions, programs, maps, variables, externs,
//! and BTF fit for the kernel. Nothing of the running kernel is looked at.

use std::ffi::CString;

use relocore::btf::{Btf, Kind};
use relocore::elf;
use relocore::error::{ErrorKind as FormatKind, What};

use crate::error::ErrorKind;

use super::btf_fixups;
use super::btf_image::BtfImage;
use super::data_section::{self, Variable};
use super::externs::{self, Externs, KCONFIG};
use super::function::{self, Function, text};
use super::map_definition::{MapDefinition, MapRole};
use super::map_problem::MapProblem;
use super::program::Program;
use super::{arena, exceptions, map_members, map_slots, struct_ops};
use crate::sys::map_flags;

/// Section of map definitions before BTF.
const LEGACY_MAPS: &[u8] = b"maps";

/// What an object consists of.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// By section and place.
    pub(crate) functions: Vec<Function>,
    pub(crate) programs: Vec<Program>,
    /// Declared ones, data sections, `.kconfig`.
    pub(crate) maps: Vec<MapDefinition>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) externs: Externs,
    /// With offsets, sizes and externs as the kernel wants them. Ids are those of the file.
    pub(crate) btf: BtfImage,
    pub(crate) license: CString,
}

impl Parts {
    /// Reads all parts.
    pub(super) fn read(file: &[u8]) -> Result<Self, ErrorKind> {
        let elf = elf::Object::parse(file)?;
        let mut functions = function::read(&elf)?;
        let license = elf.license()?.unwrap_or_default();
        let license = CString::new(license).unwrap_or_default(); // it ends before any NUL
        let bytes = match elf.btf() {
            Ok(bytes) => bytes.to_vec(),
            Err(error) if error.kind() == FormatKind::Missing(What::BtfSection) => {
                BtfImage::empty(elf.endian()).to_bytes()
            }
            Err(error) => return Err(error.into()),
        };
        let mut image = BtfImage::read(&bytes)?;
        let mut slots = vec![0; slot_count(&bytes)];
        let btf = Btf::parse(&bytes, &mut slots)?.with_pointer_bytes(8);
        let externs = externs::read(&elf, &btf)?;
        btf_fixups::data_sections(&mut image, &btf, &elf)?;
        btf_fixups::externs(&mut image, &btf, &externs)?;
        btf_fixups::hidden_functions(&mut image, &btf, &functions)?;

        let bytes = image.to_bytes();
        let mut slots = vec![0; slot_count(&bytes)];
        let btf = Btf::parse(&bytes, &mut slots)?.with_pointer_bytes(8);
        exceptions::read(&btf, &mut functions)?;
        let programs = programs(&functions);
        let mut maps = maps(&elf, &btf, &externs)?;
        map_slots::read(&elf, &mut maps, &programs, &functions)?;
        maps.extend(struct_ops::read(&elf, &btf, &programs, &functions)?);
        Ok(Self {
            programs,
            variables: data_section::variables(&btf, &maps)?,
            functions,
            maps,
            externs,
            btf: image,
            license,
        })
    }
}

/// Slots for the index of an object's BTF: one for each type, so that look-ups are direct.
pub(crate) const fn slot_count(btf: &[u8]) -> usize {
    btf.len() / 12
}

fn programs(functions: &[Function]) -> Vec<Program> {
    let mut programs = Vec::new();
    for (nth, function) in functions.iter().enumerate() {
        if function.is_subprogram {
            continue;
        }
        programs.push(Program::new(&function.name, &function.section_name, nth));
    }
    programs
}

fn maps(
    elf: &elf::Object<'_>,
    btf: &Btf<'_>,
    externs: &Externs,
) -> Result<Vec<MapDefinition>, ErrorKind> {
    if elf.section_by_name(LEGACY_MAPS).is_some() {
        return Err(ErrorKind::MapDefinition {
            map: String::new(),
            problem: MapProblem::Legacy,
        });
    }
    let mut maps = match elf.section_by_name(map_members::SECTION) {
        Some(section) => map_members::read(btf, section.index(), section.size())?,
        None => Vec::new(),
    };
    arena::read(elf, btf, &mut maps)?;
    maps.extend(data_section::read(elf, btf)?);
    if externs.kconfig_bytes > 0 {
        let mut map =
            MapDefinition::of_data(text(KCONFIG), MapRole::Kconfig, externs.kconfig_bytes);
        map.flags = map_flags::RDONLY_PROG;
        if let (Some(datasec), Some(data)) = (btf.find(Kind::Datasec, KCONFIG)?, &mut map.data) {
            map.value_type = datasec.id();
            data.datasec = Some(datasec.id());
        }
        maps.push(map);
    }
    Ok(maps)
}
