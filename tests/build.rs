//! For the libbpf oracle: the linker sends libbpf's calls of these functions to the wrappers in
//! `tests/libbpf/hook.rs`, which see arguments and results. Nothing without the feature.

const WRAPPED: [&str; 10] = [
    // The relocations themselves: seen, and carried on with after a failure.
    "bpf_core_calc_relo_insn",
    "bpf_core_patch_insn",
    // What the machine would have to say: answered without asking it.
    "btf_ext__new",
    "btf__parse",
    "btf__free",
    "get_kernel_version",
    "gzopen",
    "bpf_prog_load",
    "bpf_map_create",
    "bpf_btf_load",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_LIBBPF").is_some() {
        for function in WRAPPED {
            println!("cargo:rustc-link-arg-tests=-Wl,--wrap={function}");
        }
    }
}
