//! The private structs and functions of libbpf 1.7 that the oracle sees, from its `relo_core.h` and
//! `libbpf_internal.h`. `libbpf-sys` is pinned for their sake.

use core::ffi::{c_char, c_int, c_void};

use libbpf_sys::{bpf_insn, btf, btf_ext};

/// A record of `.BTF.ext`: `struct bpf_core_relo`.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Relo {
    pub(crate) insn_off: u32,
    pub(crate) type_id: u32,
    pub(crate) access_str_off: u32,
    pub(crate) kind: u32,
}

/// `struct bpf_core_cand`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Cand {
    pub(crate) btf: *const btf,
    pub(crate) id: u32,
}

/// `struct bpf_core_cand_list`.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct CandList {
    pub(crate) cands: *mut Cand,
    pub(crate) len: c_int,
}

/// `struct bpf_core_relo_res`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Res {
    pub(crate) orig_val: u64,
    pub(crate) new_val: u64,
    pub(crate) poison: bool,
    pub(crate) validate: bool,
    pub(crate) fail_memsz_adjust: bool,
    pub(crate) orig_sz: u32,
    pub(crate) orig_type_id: u32,
    pub(crate) new_sz: u32,
    pub(crate) new_type_id: u32,
}

unsafe extern "C" {
    pub(crate) fn __real_bpf_core_calc_relo_insn(
        prog: *const c_char,
        relo: *const Relo,
        index: c_int,
        local: *const btf,
        cands: *mut CandList,
        scratch: *mut c_void,
        res: *mut Res,
    ) -> c_int;
    pub(crate) fn __real_bpf_core_patch_insn(
        prog: *const c_char,
        insn: *mut bpf_insn,
        insn_index: c_int,
        relo: *const Relo,
        index: c_int,
        res: *const Res,
    ) -> c_int;
    pub(crate) fn __real_btf_ext__new(data: *const u8, size: u32) -> *mut btf_ext;
    pub(crate) fn __real_btf__free(btf: *mut btf);
    pub(crate) fn __real_gzopen(path: *const c_char, mode: *const c_char) -> *mut c_void;
    pub(crate) fn bpf_core_essential_name_len(name: *const c_char) -> usize;
    pub(crate) fn bpf_core_add_cands(
        local: *mut Cand,
        essential_len: usize,
        target: *const btf,
        target_name: *const c_char,
        first_id: c_int,
        cands: *mut CandList,
    ) -> c_int;
}
