//! libbpf, by its public functions and by the hidden ones that relocate.
//!
//! Enters: bytes. Leaves: its BTF, its answers and patched instructions. The hidden functions are
//! called in the order of libbpf's `bpf_object__relocate_core`, so what is timed is what libbpf
//! does with an opened object, without its maps and the kernel.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int};
use std::path::Path;
use std::ptr;

use libbpf_sys as sys;
use relocore::elf::Object;
use relocore::ext::{CoreRelo, Ext};
use relocore::relo::RelocKind;

/// Both types of BTF, ended when dropped.
#[derive(Debug)]
pub struct Btf(*mut sys::btf);

impl Btf {
    pub fn new(bytes: &[u8]) -> Self {
        let len = u32::try_from(bytes.len()).expect("BTF is under 4 GiB");
        // SAFETY: libbpf copies the bytes.
        let btf = unsafe { sys::btf__new(bytes.as_ptr().cast(), len) };
        assert!(!btf.is_null(), "libbpf refuses the BTF");
        Self(btf)
    }

    pub fn find_struct(&self, name: &CStr) -> u32 {
        // SAFETY: the BTF lives as long as `self`.
        let id =
            unsafe { sys::btf__find_by_name_kind(self.0, name.as_ptr(), sys::BTF_KIND_STRUCT) };
        u32::try_from(id).unwrap_or(0)
    }
}

impl Drop for Btf {
    fn drop(&mut self) {
        // SAFETY: `new` made it, and nobody else frees it.
        unsafe { sys::btf__free(self.0) }
    }
}

/// libbpf's `struct bpf_core_cand`.
#[repr(C)]
struct Candidate {
    btf: *const sys::btf,
    id: u32,
}

/// libbpf's `struct bpf_core_cand_list`.
#[repr(C)]
struct Candidates {
    list: *mut Candidate,
    len: c_int,
}

impl Drop for Candidates {
    fn drop(&mut self) {
        // SAFETY: libbpf allocated it by realloc and leaves freeing to its caller.
        unsafe { libc::free(self.list.cast()) }
    }
}

/// libbpf's `struct bpf_core_relo`.
#[repr(C)]
struct Relo {
    insn_off: u32,
    type_id: u32,
    access: u32,
    kind: u32,
}

/// libbpf's `struct bpf_core_relo_res`.
#[repr(C)]
#[derive(Default)]
struct Answer {
    orig_val: u64,
    new_val: u64,
    poison: bool,
    validate: bool,
    fail_memsz_adjust: bool,
    orig_sz: u32,
    orig_type_id: u32,
    new_sz: u32,
    new_type_id: u32,
}

/// Room for libbpf's three `struct bpf_core_spec` of 1,320 bytes each.
type Scratch = [u64; 3 * 165];

unsafe extern "C" {
    fn bpf_core_essential_name_len(name: *const c_char) -> usize;
    fn bpf_core_add_cands(
        local: *mut Candidate,
        essential_len: usize,
        target: *const sys::btf,
        target_name: *const c_char,
        start_id: c_int,
        candidates: *mut Candidates,
    ) -> c_int;
    fn bpf_core_calc_relo_insn(
        program: *const c_char,
        relo: *const Relo,
        number: c_int,
        local: *const sys::btf,
        candidates: *mut Candidates,
        scratch: *mut u64,
        answer: *mut Answer,
    ) -> c_int;
    fn bpf_core_patch_insn(
        program: *const c_char,
        insn: *mut u8,
        insn_number: c_int,
        relo: *const Relo,
        number: c_int,
        answer: *const Answer,
    ) -> c_int;
}

/// An object's types, records and code, as libbpf keeps them between opening and loading.
pub struct Program {
    local: Btf,
    relos: Vec<Relo>,
    code: Vec<u8>,
    candidates: HashMap<u32, Box<Candidates>>,
}

/// The value that a record's instruction gets; `None` if it is poisoned.
pub type Value = Option<u64>;

impl Program {
    /// Reads an object whose programs are all in `section`. The ELF is read by our own view: it is
    /// no part of what is compared, and takes a microsecond.
    pub fn new(file: &[u8], section: &[u8]) -> relocore::Result<Self> {
        let object = Object::parse(file)?;
        let ext = object.btf_ext()?.expect("the object has .BTF.ext");
        let relos = Ext::parse(ext)?.core_relos().records();
        let code = object.code_section(section).expect("the object has it");
        Ok(Self {
            local: Btf::new(object.btf()?),
            relos: relos.map(|entry| Relo::from(entry.record)).collect(),
            code: code.data()?.to_vec(),
            candidates: HashMap::new(),
        })
    }

    fn candidates(&mut self, nth: usize, target: &Btf) -> *mut Candidates {
        let Relo { type_id, kind, .. } = self.relos[nth];
        if kind == RelocKind::TypeIdLocal as u32 {
            return ptr::null_mut();
        }
        let local = self.local.0;
        let list = self.candidates.entry(type_id).or_insert_with(|| {
            let mut list = Box::new(Candidates {
                list: ptr::null_mut(),
                len: 0,
            });
            let mut root = Candidate {
                btf: local,
                id: type_id,
            };
            // SAFETY: the BTFs live over the call; the object's ids exist; `list` is libbpf's own
            // struct, and empty.
            let error = unsafe {
                let ty = sys::btf__type_by_id(local, type_id);
                let name = sys::btf__name_by_offset(local, (*ty).name_off);
                let len = bpf_core_essential_name_len(name);
                bpf_core_add_cands(&mut root, len, target.0, c"vmlinux".as_ptr(), 1, &mut *list)
            };
            assert_eq!(error, 0, "libbpf's search for candidates");
            list
        });
        &raw mut **list
    }

    fn answer(&mut self, nth: usize, target: &Btf) -> Answer {
        let candidates = self.candidates(nth, target);
        let (mut scratch, mut answer): (Scratch, _) = ([0; 3 * 165], Answer::default());
        // SAFETY: all pointers are to live values with libbpf's layout, `scratch` as large as its
        // three specs.
        let error = unsafe {
            bpf_core_calc_relo_insn(
                c"p".as_ptr(),
                &self.relos[nth],
                nth as c_int,
                self.local.0,
                candidates,
                scratch.as_mut_ptr(),
                &mut answer,
            )
        };
        assert_eq!(error, 0, "libbpf's answer to record {nth}");
        answer
    }

    /// All answers; the candidates are searched for when first needed, and kept.
    pub fn resolve(&mut self, target: &Btf, mut each: impl FnMut(Value)) {
        for nth in 0..self.relos.len() {
            let answer = self.answer(nth, target);
            each((!answer.poison).then_some(answer.new_val));
        }
    }

    /// The code with all answers in it.
    pub fn relocate(&mut self, target: &Btf) -> Vec<u8> {
        let mut code = self.code.clone();
        for nth in 0..self.relos.len() {
            let answer = self.answer(nth, target);
            let relo = &self.relos[nth];
            let insn = &mut code[relo.insn_off as usize..];
            let number = relo.insn_off as c_int / 8;
            // SAFETY: the instruction and, for one of two slots, the next are inside `code`.
            let error = unsafe {
                bpf_core_patch_insn(
                    c"p".as_ptr(),
                    insn.as_mut_ptr(),
                    number,
                    relo,
                    nth as c_int,
                    &answer,
                )
            };
            assert_eq!(error, 0, "libbpf's patch of record {nth}");
        }
        code
    }

    pub fn count(&self) -> usize {
        self.relos.len()
    }
}

impl From<CoreRelo> for Relo {
    fn from(record: CoreRelo) -> Self {
        Self {
            insn_off: record.insn_off,
            type_id: record.type_id.0,
            access: record.access.0,
            kind: record.kind,
        }
    }
}

/// libbpf says what it thinks only to those who ask.
pub fn hush() {
    // SAFETY: no callback means no output.
    unsafe { sys::libbpf_set_print(None) };
}

/// Loads the object's only program into the kernel and attaches it.
pub fn attach(path: &Path) -> Result<(), String> {
    let path = CString::new(path.as_os_str().as_encoded_bytes()).map_err(|e| e.to_string())?;
    // SAFETY: each pointer is checked before it is passed on; the process ends soon, so nothing is
    // freed.
    unsafe {
        let object = sys::bpf_object__open_file(path.as_ptr(), ptr::null());
        if object.is_null() {
            return Err("libbpf can't open the object".into());
        }
        let error = sys::bpf_object__load(object);
        if error != 0 {
            return Err(format!("libbpf can't load the object: {error}"));
        }
        let program = sys::bpf_object__next_program(object, ptr::null_mut());
        if program.is_null() || sys::bpf_program__attach(program).is_null() {
            return Err("libbpf can't attach the program".into());
        }
    }
    Ok(())
}
