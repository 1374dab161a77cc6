//! Hand-built sections, each in both byte orders.

extern crate std;

use std::vec::Vec;

use super::{CoreRelo, Entry, Ext, FuncInfo, LineInfo};
use crate::error::{ErrorKind, Site, What};
use crate::units::{Endian, StrOff, TypeId};

/// A section out of words; `head` is hdr_len and the six (or four) offsets and lengths.
fn section(endian: Endian, head: &[u32], body: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::from(endian.bytes16(0xeb9f));
    bytes.extend([1, 0]);
    bytes.extend(
        head.iter()
            .chain(body)
            .flat_map(|&word| endian.bytes32(word)),
    );
    bytes
}

const BOTH: [Endian; 2] = [Endian::Little, Endian::Big];

/// The header that core-semantics.md section 2 quotes from clang 19. Its lengths by hand: functions
/// 0x14 = 4 + 8 + 1 x 8; lines 0xbc = 4 + 8 + 11 x 16; CO-RE records 0x9c = 4 + 8 + 9 x 16.
fn sample(endian: Endian) -> Vec<u8> {
    let mut body = Vec::from([8, 100, 1, 0, 5]);
    body.extend([16, 100, 11]);
    for line in 0..11 {
        body.extend([line * 8, 200, 300, (40 + line) << 10 | 9]);
    }
    body.extend([16, 100, 9]);
    for relo in 0..9 {
        body.extend([relo * 16, 7, 400 + relo, relo]);
    }
    section(endian, &[32, 0, 0x14, 0x14, 0xbc, 0xd0, 0x9c], &body)
}

#[test]
fn sample_reads_alike_in_both_byte_orders() {
    assert!(sample(Endian::Little).starts_with(&[
        0x9f, 0xeb, 1, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x14, 0, 0, 0, 0xbc, 0, 0,
        0, //
        0xd0, 0, 0, 0, 0x9c, 0, 0, 0,
    ]));
    for endian in BOTH {
        let bytes = sample(endian);
        assert_eq!(bytes.len(), 0x20 + 0xd0 + 0x9c);
        let ext = Ext::parse(&bytes).unwrap();
        assert_eq!(ext.endian(), endian);
        let funcs: Vec<_> = ext
            .func_infos()
            .records()
            .map(|entry| entry.record)
            .collect();
        assert_eq!(
            funcs,
            [FuncInfo {
                insn_off: 0,
                type_id: TypeId(5)
            }]
        );

        assert_eq!(ext.line_infos().count(), 11);
        let line = ext.line_infos().iter().next().unwrap().get(10).unwrap();
        let expected = LineInfo {
            insn_off: 80,
            file: StrOff(200),
            line_text: StrOff(300),
            line: 50,
            column: 9,
        };
        assert_eq!(line, expected);

        let relos = ext.core_relos();
        assert_eq!(
            (relos.count(), relos.iter().count(), relos.records().count()),
            (9, 1, 9)
        );
        let last = relos.records().last().unwrap();
        let record = CoreRelo {
            insn_off: 128,
            type_id: TypeId(7),
            access: StrOff(408),
            kind: 8,
        };
        // header 32, lists before 0xd0, this list's two headers 12, eight records before.
        let at = 32 + 0xd0 + 12 + 8 * 16;
        assert_eq!(
            last,
            Entry {
                section: StrOff(100),
                index: 8,
                at,
                record
            }
        );
        let word = &bytes[at as usize..][..4];
        assert_eq!(word, endian.bytes32(128));
        // Copy: the same list is read again.
        assert_eq!(ext.core_relos().records().last(), relos.records().last());
        let group = relos.into_iter().next().unwrap();
        assert_eq!(
            (group.len(), group.iter().len(), group.get(9)),
            (9, 9, None)
        );
    }
}

#[test]
fn longer_records_and_headers_are_tolerated() {
    for endian in BOTH {
        let relo = [8, 3, 4, 2, 0xdead_beef];
        let body = [&[20, 50, 1], &relo[..], &[60, 2], &relo, &relo].concat();
        let bytes = section(endian, &[36, 0, 0, 0, 0, 0, 80, 0xffff_ffff], &body);
        let ext = Ext::parse(&bytes).unwrap();
        let found: Vec<_> = ext
            .core_relos()
            .records()
            .map(|e| (e.section.0, e.index))
            .collect();
        assert_eq!(found, [(50, 0), (60, 0), (60, 1)]);
        let same = CoreRelo {
            insn_off: 8,
            type_id: TypeId(3),
            access: StrOff(4),
            kind: 2,
        };
        assert!(ext.core_relos().records().all(|entry| entry.record == same));
    }
}

#[test]
fn no_core_fields_means_no_core_records() {
    for endian in BOTH {
        // hdr_len 24, and 28 with half of the fields: libbpf takes both as "none".
        for head in [&[24, 0, 20, 0, 0][..], &[28, 0, 20, 0, 0, 0]] {
            let bytes = section(endian, head, &[8, 9, 1, 16, 2]);
            let ext = Ext::parse(&bytes).unwrap();
            assert!(ext.core_relos().is_empty() && ext.core_relos().records().next().is_none());
            assert_eq!(ext.func_infos().count(), 1);
        }
        assert!(Ext::parse(&section(endian, &[24, 0, 0, 0, 0], &[])).is_ok());
    }
}

#[test]
fn each_fault_has_its_error() {
    let relo = |sizes: [u32; 2], body: &[u32]| {
        let [off, len] = sizes;
        section(Endian::Big, &[32, 0, 0, 0, 0, off, len], body)
    };
    let good = [16, 1, 1, 0, 1, 2, 3];
    assert!(Ext::parse(&relo([0, 28], &good)).is_ok());
    let truncated = |what, needed, available| ErrorKind::Truncated {
        what,
        needed,
        available,
    };
    let cases = [
        (
            relo([2, 28], &good),
            ErrorKind::Malformed(What::CoreRelos),
            24,
        ),
        (relo([0, 32], &good), truncated(What::CoreRelos, 64, 60), 24),
        (
            relo([0xffff_fffc, 0xffff_ffff], &good),
            truncated(What::CoreRelos, 0x2_0000_001b, 60),
            24,
        ),
        (relo([0, 3], &good), truncated(What::CoreRelos, 4, 3), 32),
        (relo([0, 4], &good), ErrorKind::Missing(What::CoreRelos), 36),
        (
            relo([0, 8], &good),
            truncated(What::SectionRecords, 8, 4),
            36,
        ),
        (
            relo([0, 24], &good),
            truncated(What::SectionRecords, 24, 20),
            36,
        ),
        (
            relo([0, 12], &[16, 1, 0]),
            ErrorKind::Missing(What::SectionRecords),
            36,
        ),
        (
            relo([0, 28], &[18, 1, 1, 0, 1, 2, 3]),
            ErrorKind::Unsupported {
                what: What::RecordSize,
                found: 18,
            },
            32,
        ),
        (
            relo([0, 28], &[12, 1, 1, 0, 1, 2, 3]),
            ErrorKind::Unsupported {
                what: What::RecordSize,
                found: 12,
            },
            32,
        ),
        (
            relo([0, 28], &[0xffff_fffc, 1, 0xffff_ffff, 0, 1, 2, 3]),
            truncated(What::SectionRecords, 0xffff_fffc * 0xffff_ffff + 8, 24),
            36,
        ),
        (
            section(Endian::Little, &[20, 0, 0, 0, 0], &[]),
            truncated(What::ExtHeader, 24, 20),
            0,
        ),
        (
            section(Endian::Little, &[64, 0, 0, 0, 0], &[]),
            truncated(What::ExtHeader, 64, 24),
            0,
        ),
        (Vec::new(), truncated(What::ExtHeader, 24, 0), 0),
    ];
    for (bytes, kind, at) in cases {
        let error = Ext::parse(&bytes).unwrap_err();
        assert_eq!((error.kind(), error.site()), (kind, Site::Ext(at)));
    }
    for (at, what, found) in [
        (0, What::ExtMagic, 0xeb07),
        (2, What::ExtVersion, 7),
        (3, What::ExtFlags, 7),
    ] {
        let mut bytes = sample(Endian::Little);
        bytes[at] = 7;
        let error = Ext::parse(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported { what, found });
    }
}

/// Reads everything there is to read.
fn walk(bytes: &[u8]) {
    let Ok(ext) = Ext::parse(bytes) else { return };
    assert_eq!(
        ext.core_relos().records().count(),
        ext.core_relos().count() as usize
    );
    assert_eq!(
        ext.func_infos().records().count(),
        ext.func_infos().count() as usize
    );
    assert_eq!(
        ext.line_infos().records().count(),
        ext.line_infos().count() as usize
    );
    for group in ext.core_relos() {
        assert_eq!(group.iter().count(), group.len() as usize);
        assert!(group.get(group.len()).is_none() && group.get(u32::MAX).is_none());
    }
}

#[test]
fn any_prefix_and_any_damaged_byte_is_read_or_refused() {
    for endian in BOTH {
        let good = sample(endian);
        for len in 0..good.len() {
            assert!(Ext::parse(&good[..len]).is_err()); // the last list ends at the last byte
        }
        for at in 0..good.len() {
            for damage in 0..=255 {
                let mut bytes = good.clone();
                bytes[at] = damage;
                walk(&bytes);
            }
        }
    }
}
