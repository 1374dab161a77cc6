//! A kernel's configuration, and the values that go into externs.

use relocore::Endian;
use relocore_loader::kernel::{
    ExternClass, Kconfig, Settings, Stored, SystemConfig, lookup_config, store, store_number,
};

/// Names that a configuration is asked for.
const NAMES: [&[u8]; 4] = [b"CONFIG_HZ", b"CONFIG_A", b"CONFIG_", b""];

/// Every class that an extern can be of, and some that none can.
fn classes() -> Vec<ExternClass> {
    let mut all = vec![ExternClass::Bool];
    for signed in [false, true] {
        all.push(ExternClass::Char { signed });
        for size_bytes in [0, 2, 3, 4, 8, 200] {
            all.push(ExternClass::Int { size_bytes, signed });
        }
    }
    all.extend([4, 8].map(|size_bytes| ExternClass::Tristate { size_bytes }));
    all.extend([0, 1, 5, 300].map(|len_bytes| ExternClass::Str { len_bytes }));
    all
}

/// Any bytes as a configuration's text: its lines, look-ups by name, and each value into every
/// class of extern.
pub fn config(text: &[u8]) {
    let kconfig = Kconfig::new(text);
    let mut last = 0;
    let mut broken = None;
    for entry in kconfig.entries() {
        assert_eq!(broken, None, "an entry behind an error");
        match entry {
            Ok(entry) => {
                assert!(entry.line > last && entry.name.starts_with(b"CONFIG_"));
                assert!(!entry.value.is_empty() && !entry.name.contains(&b'='));
                last = entry.line;
                // Of thousands of lines the first ones will do.
                if entry.line <= 8 {
                    value(entry.value);
                }
            }
            Err(error) => {
                assert!(
                    error.line > last && error.to_string().len() < 400,
                    "{error}"
                );
                broken = Some(error);
            }
        }
    }
    assert!(last <= 1 + text.iter().filter(|byte| **byte == b'\n').count());
    // A broken line fails the text, whoever asks.
    let all = kconfig.get_all(NAMES);
    assert_eq!(all.as_ref().err(), broken.as_ref());
    if let Ok(all) = all {
        for (name, found) in NAMES.into_iter().zip(all) {
            let first = kconfig.entries().flatten().find(|entry| entry.name == name);
            assert_eq!(found, first, "not the first");
        }
    }
    looked_up(text, broken.is_some());
    value(text);
}

/// The user's text before the system's.
fn looked_up(text: &[u8], broken: bool) {
    let system = || SystemConfig {
        found: Some(("/boot/config".into(), text.to_vec())),
        attempts: Vec::new(),
    };
    let given = lookup_config(&NAMES, Some(text), SystemConfig::default);
    let found = lookup_config(&NAMES, None, system);
    assert_eq!(given.is_err() || found.is_err(), broken);
    let values = |settings: &Settings| -> Vec<_> {
        let settings = settings.found.iter();
        settings
            .map(|one| one.as_ref().map(|one| (one.value.clone(), one.line)))
            .collect()
    };
    match (given, found) {
        (Ok(given), Ok(found)) => assert_eq!(values(&given), values(&found)),
        (Err(given), Err(found)) => {
            assert_eq!(given.problem, found.problem);
            assert!(given.to_string().starts_with("given configuration: line "));
        }
        both => panic!("{both:?}"),
    }
}

/// A value into every class: all of it, or an error and nothing.
fn value(value: &[u8]) {
    for class in classes() {
        for endian in [Endian::Little, Endian::Big] {
            let mut slot = vec![0xaa; class.size_bytes()];
            let stored = store(class, value, endian, &mut slot);
            match stored {
                Ok(Stored::Whole) => {}
                Ok(Stored::Truncated {
                    kept_bytes,
                    len_bytes,
                }) => {
                    assert!(kept_bytes < len_bytes && kept_bytes + 1 == slot.len());
                    assert_eq!(slot.last(), Some(&0));
                    assert!(len_bytes + 2 == value.len());
                }
                Err(error) => {
                    assert!(slot.iter().all(|byte| *byte == 0xaa), "{error}");
                    assert!(error.to_string().len() < 500, "{error}");
                }
            }
            // Too short a slot is never written beyond, nor at all.
            if let Some((_, short)) = slot.split_first_mut() {
                short.fill(0x55);
                assert!(store(class, value, endian, short).is_err());
                assert!(short.iter().all(|byte| *byte == 0x55));
            }
        }
    }
    if let Some(number) = value.first_chunk() {
        let number = u64::from_le_bytes(*number);
        for class in classes() {
            let mut slot = vec![0; class.size_bytes()];
            let low = |slot: &[u8]| {
                slot.iter()
                    .rev()
                    .fold(0, |all, byte| all << 8 | u64::from(*byte))
            };
            if store_number(class, number, Endian::Little, &mut slot).is_ok() {
                let bits = 8 * u32::try_from(slot.len()).unwrap();
                let mask = u64::MAX >> (64 - bits);
                assert_eq!(low(&slot), number & mask, "{class}");
            }
        }
    }
}
