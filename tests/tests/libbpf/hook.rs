//! Between libbpf's parts: what `libbpf.c` asks of `relo_core.c`, and what comes back.
//!
//! Enters: [`run`]'s object, and [`Parsed`] targets. Leaves: [`Seen`], one for each record that
//! libbpf got to. libbpf opens the object, tells programs apart, finds candidates and calls the
//! relocations in its own way; nothing is loaded into a kernel and no file is read.

use core::cell::RefCell;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::mem;
use core::ptr;
use core::slice;

use libbpf_sys as sys;

use crate::ffi::{
    __real_bpf_core_calc_relo_insn, __real_bpf_core_patch_insn, __real_btf__free,
    __real_btf_ext__new, __real_gzopen, Cand, CandList, Relo, Res, bpf_core_add_cands,
    bpf_core_essential_name_len,
};

/// What libbpf made of a record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Byte offset of the record in `.BTF.ext`.
    pub(crate) at: usize,
    /// 0, or why libbpf would have stopped here, as a negative errno.
    pub(crate) error: c_int,
    pub(crate) res: Res,
    /// The instruction before and after, of 8 or 16 bytes; libbpf has it in little-endian.
    pub(crate) before: Vec<u8>,
    pub(crate) after: Vec<u8>,
}

/// A target as libbpf has parsed it: once for many objects.
#[derive(Debug)]
pub(crate) struct Parsed {
    base: *mut sys::btf,
    splits: Vec<*mut sys::btf>,
}

impl Parsed {
    /// BTF of a kernel, or of what plays one, with its modules'. `None` if libbpf refuses any.
    pub(crate) fn new(vmlinux: &[u8], modules: &[&[u8]]) -> Option<Self> {
        let len = |bytes: &[u8]| u32::try_from(bytes.len()).expect("some megabytes");
        // SAFETY: libbpf copies the bytes.
        let base = unsafe { sys::btf__new(vmlinux.as_ptr().cast(), len(vmlinux)) };
        let mut parsed = Self {
            base: (!base.is_null()).then_some(base)?,
            splits: Vec::new(),
        };
        for bytes in modules {
            let data = bytes.as_ptr().cast();
            // SAFETY: as above; the base outlives it.
            let split = unsafe { sys::btf__new_split(data, len(bytes), base) };
            parsed.splits.push((!split.is_null()).then_some(split)?);
        }
        Some(parsed)
    }
}

impl Drop for Parsed {
    fn drop(&mut self) {
        for btf in self.splits.iter().chain([&self.base]) {
            // SAFETY: `new` parsed it; libbpf has never been let free it.
            unsafe { __real_btf__free(*btf) };
        }
    }
}

#[derive(Default)]
struct State {
    ext: Option<*mut sys::btf_ext>,
    base: Option<*mut sys::btf>,
    splits: Vec<*mut sys::btf>,
    seen: Vec<Seen>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// libbpf's answers for an object on a kernel with these modules.
///
/// # Errors
/// libbpf can't open the object.
pub(crate) fn run(object: &[u8], target: &Parsed) -> Result<Vec<Seen>, c_int> {
    STATE.set(State {
        base: Some(target.base),
        splits: target.splits.clone(),
        ..State::default()
    });
    // SAFETY: libbpf is called as its documentation asks. No callback prints, so that it is silent.
    unsafe {
        sys::libbpf_set_print(None);
        let mut options: sys::bpf_object_open_opts = mem::zeroed();
        options.sz = size_of_val(&options) as sys::size_t;
        options.object_name = c"oracle".as_ptr();
        options.btf_custom_path = c"(see btf__parse)".as_ptr();
        options.bpf_token_path = c"".as_ptr(); // no token is looked for
        let bytes = object.as_ptr().cast();
        let opened = sys::bpf_object__open_mem(bytes, object.len() as sys::size_t, &options);
        if opened.is_null() {
            return Err(-*libc::__errno_location());
        }
        let mut program = sys::bpf_object__next_program(opened, ptr::null_mut());
        while !program.is_null() {
            // A type that needs no BTF of the running kernel; and all are to be relocated.
            sys::bpf_program__set_type(program, sys::BPF_PROG_TYPE_SOCKET_FILTER);
            sys::bpf_program__set_autoload(program, true);
            program = sys::bpf_object__next_program(opened, program);
        }
        let mut map = sys::bpf_object__next_map(opened, ptr::null());
        while !map.is_null() {
            sys::bpf_map__set_autocreate(map, false);
            map = sys::bpf_object__next_map(opened, map);
        }
        // Fails, at the latest when it wants to load the object's BTF: that is after CO-RE.
        sys::bpf_object__prepare(opened);
        sys::bpf_object__close(opened);
    }
    Ok(STATE.take().seen)
}

/// Modules, by the rule of `bpf_core_find_cands`, which leaves them out with a custom BTF: only
/// where vmlinux has no candidate.
unsafe fn add_module_cands(local: *const sys::btf, id: u32, cands: *mut CandList) {
    let targets = STATE.with_borrow(|state| state.base.map(|base| (base, state.splits.clone())));
    let Some((base, splits)) = targets else {
        return;
    };
    // SAFETY: libbpf has looked this type up before, and all these BTFs are alive.
    unsafe {
        if (*cands).len != 0 {
            return;
        }
        let name = (*sys::btf__type_by_id(local, id)).name_off;
        let len = bpf_core_essential_name_len(sys::btf__name_by_offset(local, name));
        let first = sys::btf__type_cnt(base).cast_signed();
        for split in splits {
            let mut root = Cand { btf: local, id };
            bpf_core_add_cands(&mut root, len, split, c"module".as_ptr(), first, cands);
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_bpf_core_calc_relo_insn(
    prog: *const c_char,
    relo: *const Relo,
    index: c_int,
    local: *const sys::btf,
    cands: *mut CandList,
    scratch: *mut c_void,
    res: *mut Res,
) -> c_int {
    let mut saved = Vec::new();
    if !cands.is_null() {
        // SAFETY: `cands` is libbpf's list for this record's type.
        unsafe {
            add_module_cands(local, (*relo).type_id, cands);
            if (*cands).len > 0 {
                saved = slice::from_raw_parts((*cands).cands, (*cands).len as usize).to_vec();
            }
        }
    }
    // SAFETY: the arguments are handed on; `res` is a struct of libbpf's.
    let error = unsafe {
        *res = Res::default();
        __real_bpf_core_calc_relo_insn(prog, relo, index, local, cands, scratch, res)
    };
    STATE.with_borrow_mut(|state| {
        let ext = state.ext.expect("records come out of a .BTF.ext");
        // SAFETY: the first field of `struct btf_ext` is the data, and `relo` points into it.
        let (start, res) = unsafe { (*ext.cast::<*const u8>(), *res) };
        let at = relo.addr() - start.addr();
        state.seen.push(Seen {
            at,
            error,
            res,
            ..Seen::default()
        });
    });
    if error != 0 && !saved.is_empty() {
        // libbpf would stop here. To see the other records too, its list is put back as it was.
        // SAFETY: the list only ever shrinks in place.
        unsafe {
            ptr::copy_nonoverlapping(saved.as_ptr(), (*cands).cands, saved.len());
            (*cands).len = saved.len() as c_int;
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_bpf_core_patch_insn(
    prog: *const c_char,
    insn: *mut sys::bpf_insn,
    insn_index: c_int,
    relo: *const Relo,
    index: c_int,
    res: *const Res,
) -> c_int {
    // SAFETY: `insn` is an instruction, of two slots if it loads 64 bits.
    let bytes = || unsafe {
        let len = if (*insn).code == 0x18 { 16 } else { 8 };
        slice::from_raw_parts(insn.cast::<u8>(), len).to_vec()
    };
    let before = bytes();
    STATE.with_borrow_mut(|state| {
        let seen = state.seen.last_mut().expect("calculated before");
        if seen.error == 0 {
            // SAFETY: the arguments are handed on.
            seen.error =
                unsafe { __real_bpf_core_patch_insn(prog, insn, insn_index, relo, index, res) };
        }
        // A poisoned 64-bit load is two calls, whose opcode tells no length.
        // SAFETY: as many bytes as before.
        seen.after = unsafe { slice::from_raw_parts(insn.cast::<u8>(), before.len()) }.to_vec();
        seen.before = before;
    });
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_btf_ext__new(data: *const u8, size: u32) -> *mut sys::btf_ext {
    // SAFETY: the arguments are handed on.
    let ext = unsafe { __real_btf_ext__new(data, size) };
    STATE.with_borrow_mut(|state| state.ext = Some(ext));
    ext
}

/// Where libbpf would read the target's BTF from a file.
#[unsafe(no_mangle)]
extern "C" fn __wrap_btf__parse(_: *const c_char, _: *mut *mut sys::btf_ext) -> *mut sys::btf {
    STATE.with_borrow(|state| state.base.expect("an object is being relocated"))
}

/// libbpf frees the target after relocating; here other objects want it too.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_btf__free(btf: *mut sys::btf) {
    if STATE.with_borrow(|state| state.base != Some(btf)) {
        // SAFETY: the argument is handed on.
        unsafe { __real_btf__free(btf) };
    }
}

/// Any version will do: `LINUX_KERNEL_VERSION` is none of CO-RE's business.
#[unsafe(no_mangle)]
extern "C" fn __wrap_get_kernel_version() -> u32 {
    6 << 16
}

/// The kernel's configuration is empty.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_gzopen(_: *const c_char, mode: *const c_char) -> *mut c_void {
    // SAFETY: a file that is everywhere.
    unsafe { __real_gzopen(c"/dev/null".as_ptr(), mode) }
}

/// A descriptor that libbpf may close: the kernel "can load programs".
#[unsafe(no_mangle)]
extern "C" fn __wrap_bpf_prog_load() -> c_int {
    let path: &CStr = c"/dev/null";
    // SAFETY: a plain open.
    unsafe { libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) }
}

#[unsafe(no_mangle)]
extern "C" fn __wrap_bpf_map_create() -> c_int {
    -libc::EPERM
}

#[unsafe(no_mangle)]
extern "C" fn __wrap_bpf_btf_load() -> c_int {
    -libc::EPERM
}
