//! `.BTF.ext`.

use core::fmt;

use relocore::ext::{Ext, Groups, Record};

use super::bound::{Bound, bounded};
use super::told;

/// A group has at least 16 bytes.
const PARSE: Bound = Bound {
    each: 1,
    besides: 16,
};

/// `.BTF.ext`: all lists, by group and in one go.
pub fn ext(bytes: &[u8]) {
    match bounded("ext", bytes.len(), PARSE, || Ext::parse(bytes)) {
        Ok(ext) => {
            list(ext.core_relos(), bytes.len());
            list(ext.func_infos(), bytes.len());
            list(ext.line_infos(), bytes.len());
        }
        Err(error) => told(error, bytes.len()),
    }
}

fn list<R: Record + PartialEq + fmt::Debug>(groups: Groups<'_, R>, len: usize) {
    let mut flat = groups.records();
    let mut count = 0;
    for group in groups.iter() {
        assert_eq!(group.iter().count(), group.len() as usize);
        assert_eq!(group.get(group.len()), None);
        for (record, index) in group.into_iter().zip(0..) {
            let entry = flat.next().expect("as many as the groups have");
            assert_eq!((entry.record, entry.index), (record, index));
            assert_eq!(entry.section, group.section());
            assert_eq!(entry.at, group.record_at(index));
            // The smallest record has 8 bytes.
            assert!(entry.at as usize + 8 <= len, "{entry:?} of {len} bytes");
            count += 1;
        }
    }
    assert_eq!(flat.next(), None);
    assert_eq!(count, groups.count());
    assert_eq!(groups.is_empty(), count == 0);
}
