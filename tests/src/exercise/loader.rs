//! The loader's own reading of files, before anything is created.

use relocore_loader::Object;
use relocore_loader::kernel::read_btf_bytes;

/// Any bytes as an object to be loaded, and as a file that has BTF in it: an answer, or an error
/// in words.
pub fn loader(bytes: &[u8]) {
    match Object::from_bytes("hostile", bytes) {
        Ok(mut object) => {
            for program in object.programs() {
                let _ = (program.name(), program.section(), program.prog_type());
            }
            for name in ["x", "", "a.b"] {
                let _ = object.set_global(name, &[0; 4]);
            }
            let _ = format!("{object:?}").len();
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains("hostile") && text.len() < 1 << 16, "{text}");
        }
    }
    match read_btf_bytes(bytes.to_vec()) {
        Ok(file) => {
            assert!(file.bytes.len() <= bytes.len());
            assert!(
                file.distilled_base
                    .is_none_or(|base| base.len() <= bytes.len())
            );
        }
        Err(cause) => assert!(!cause.to_string().is_empty()),
    }
}
