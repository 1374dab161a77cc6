//! Reading ring buffers.
//!
//! Enters: one or more maps of type `RINGBUF`. Leaves: what programs put into them, record by
//! record, in the order in which each ring's space was reserved.
//!
//! ```text
//! let mut rings = RingBuffer::new([&events])?;
//! loop {
//!     rings.poll(None)?;                                   // sleep until there is something
//!     rings.consume(usize::MAX, |_ring, record| show(record))?;
//! }
//! ```

use core::time::Duration;
use std::os::fd::{AsFd, BorrowedFd};

use crate::map::{Map, MapError};
use crate::sys::SysError;
use crate::sys::epoll::Epoll;
use crate::sys::ring::Ring;

/// The consumer of some ring buffer maps. A map has one consumer at a time; other processes that
/// can open the map must leave its consumer position alone.
///
/// Its descriptor is readable while there are records: for a poll loop of your own.
#[derive(Debug)]
pub struct RingBuffer {
    epoll: Epoll,
    rings: Vec<Ring>,
    /// The ring to begin with, so that a busy one does not starve the others.
    first: usize,
}

impl RingBuffer {
    /// Maps the rings of `maps`, which need not outlive this.
    ///
    /// # Errors
    /// [`MapError::Sys`]: `EINVAL` for a map of another type, `EBUSY` for one that is being
    /// consumed, `EOPNOTSUPP` for one in overwrite mode, `ENOMEM`.
    pub fn new<'m>(maps: impl IntoIterator<Item = &'m Map>) -> Result<Self, MapError> {
        let no_map = |source| MapError::Sys {
            map: String::new(),
            source,
        };
        let epoll = Epoll::new().map_err(no_map)?;
        let mut rings = Vec::new();
        for map in maps {
            rings.push(Ring::new(map.fd()).map_err(|error| map.error(error))?);
            epoll.add(map.as_fd()).map_err(|error| map.error(error))?;
        }
        Ok(Self {
            epoll,
            rings,
            first: 0,
        })
    }

    /// Waits until there is a record (`true`), or until the time is over or a signal came
    /// (`false`). `None` waits without end.
    ///
    /// `true` also while the oldest record is still being written, and [`consume`](Self::consume)
    /// finds none.
    ///
    /// # Errors
    /// None is known; whatever `epoll_wait` says is passed on.
    pub fn poll(&self, timeout: Option<Duration>) -> Result<bool, SysError> {
        self.epoll.wait(timeout)
    }

    /// Lends records to `each`, with the place of their map in the list that [`new`](Self::new)
    /// got, until there is none left or `limit` were taken. Returns how many were taken, those that
    /// their program discarded (and that `each` does not see) included. Never waits.
    ///
    /// A record starts at a multiple of 8 bytes. Its space is free for programs again when `each`
    /// returns. If `each` panics, the record comes again.
    ///
    /// # Errors
    /// `EBADMSG` when another process has moved a consumer position.
    pub fn consume(
        &mut self,
        limit: usize,
        mut each: impl FnMut(usize, &[u8]),
    ) -> Result<usize, SysError> {
        let count = self.rings.len();
        let mut taken = 0;
        for i in 0..count {
            let at = (self.first + i) % count;
            if let Some(ring) = self.rings.get_mut(at) {
                taken += ring.consume(limit - taken, |record| each(at, record))?;
            }
        }
        self.first = (self.first + 1) % count.max(1);
        Ok(taken)
    }
}

impl AsFd for RingBuffer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::MapSpec;
    use crate::sys::bpf::testing::{self, EXIT, call, insn, load_map, mov, mov_reg};
    use crate::sys::{MapType, ProgType};
    use nix::libc;
    use std::os::fd::OwnedFd;

    const RINGBUF_OUTPUT: i32 = 130;
    const RINGBUF_RESERVE: i32 = 131;
    const RINGBUF_SUBMIT: i32 = 132;
    const RINGBUF_DISCARD: i32 = 133;
    const SKB_LOAD_BYTES: i32 = 26;

    fn ring_map(bytes: u32) -> Map {
        let spec = MapSpec {
            name: "ring".into(),
            map_type: MapType::RINGBUF,
            max_entries: bytes,
            ..Default::default()
        };
        Map::create(spec, None).unwrap()
    }

    /// Reserves 32 bytes, copies the packet's first 32 there, submits or discards. Returns 1 when
    /// the ring is full.
    fn producer(map: &Map, finish: i32) -> OwnedFd {
        let insns = [
            &mov_reg(6, 1)[..],
            &load_map(1, map),
            &mov(2, 32),
            &mov(3, 0),
            &call(RINGBUF_RESERVE),
            &insn(0x55, 0, 0, 2, 0), // if r0 != 0 skip the next two
            &mov(0, 1),
            &EXIT,
            &mov_reg(7, 0),
            &mov_reg(1, 6),
            &mov(2, 0),
            &mov_reg(3, 7),
            &mov(4, 32),
            &call(SKB_LOAD_BYTES),
            &mov_reg(1, 7),
            &mov(2, 0),
            &call(finish),
            &mov(0, 0),
            &EXIT,
        ];
        testing::load(ProgType::SOCKET_FILTER, &insns.concat()).unwrap()
    }

    /// Outputs 13 bytes from the stack, all `byte`.
    fn output(map: &Map, byte: u8) -> OwnedFd {
        let word = u32::from_ne_bytes([byte; 4]).cast_signed();
        let insns = [
            &insn(0x7a, 10, 0, -16, word)[..], // *(u64 *)(fp - 16) = word, sign-extended
            &insn(0x7a, 10, 0, -8, word),
            &insn(0x62, 10, 0, -12, word),
            &insn(0x62, 10, 0, -4, word),
            &load_map(1, map),
            &mov_reg(2, 10),
            &insn(0x07, 2, 0, 0, -16),
            &mov(3, 13),
            &mov(4, 0),
            &call(RINGBUF_OUTPUT),
            &EXIT,
        ];
        testing::load(ProgType::SOCKET_FILTER, &insns.concat()).unwrap()
    }

    fn packet(number: u32) -> [u8; 64] {
        core::array::from_fn(|i| number.to_ne_bytes()[i % 4] ^ (i / 4) as u8)
    }

    #[test]
    fn records_arrive_in_order_around_the_ring() {
        if testing::skip("records_arrive_in_order_around_the_ring") {
            return;
        }
        let map = ring_map(4096);
        let (submit, discard) = (
            producer(&map, RINGBUF_SUBMIT),
            producer(&map, RINGBUF_DISCARD),
        );
        let mut rings = RingBuffer::new([&map]).unwrap();
        assert_eq!(rings.poll(Some(Duration::ZERO)), Ok(false));
        // 70 records of 40 bytes fit a page less seven times: they cross its end, at various places.
        let mut sent = 0;
        for round in 0..30 {
            let mut expected = Vec::new();
            for i in 0..70 {
                let dropped = i % 7 == round % 7;
                let prog = if dropped { &discard } else { &submit };
                assert_eq!(testing::run(prog, &packet(sent)), 0);
                if !dropped {
                    expected.push(packet(sent));
                }
                sent += 1;
            }
            assert_eq!(rings.poll(None), Ok(true));
            let mut seen = expected.iter();
            let taken = rings.consume(usize::MAX, |ring, record| {
                assert_eq!((ring, record.len(), record.as_ptr().addr() % 8), (0, 32, 0));
                // The socket filter sees the packet after its Ethernet header of 14 bytes.
                assert_eq!(record, &seen.next().unwrap()[14..46]);
            });
            assert_eq!((taken, seen.len()), (Ok(70), 0));
        }
    }

    #[test]
    fn a_full_ring_refuses_and_recovers() {
        if testing::skip("a_full_ring_refuses_and_recovers") {
            return;
        }
        let map = ring_map(4096);
        let prog = producer(&map, RINGBUF_SUBMIT);
        let mut rings = RingBuffer::new([&map]).unwrap();
        let fill = || {
            (0..200)
                .take_while(|i| testing::run(&prog, &packet(*i)) == 0)
                .count()
        };
        assert_eq!(fill(), 102); // 4095 / 40
        assert_eq!(rings.consume(1, |_, _| {}), Ok(1));
        assert_eq!(fill(), 1);
        let mut first = 1;
        for limit in [0, 1, 50, 1000] {
            let expected = limit.min(102 - (first - 1));
            let taken = rings.consume(limit, |_, record| {
                if first < 102 {
                    assert_eq!(record, &packet(first as u32)[14..46]);
                }
                first += 1;
            });
            assert_eq!(taken, Ok(expected), "{limit}");
        }
        assert_eq!(rings.poll(Some(Duration::ZERO)), Ok(false));
    }

    #[test]
    fn several_rings_and_odd_lengths() {
        if testing::skip("several_rings_and_odd_lengths") {
            return;
        }
        let maps = [ring_map(4096), ring_map(8192)];
        let progs = [output(&maps[0], 1), output(&maps[1], 2)];
        let mut rings = RingBuffer::new(&maps).unwrap();
        for _ in 0..1000 {
            for prog in &progs {
                assert_eq!(testing::run(prog, &[0; 14]), 0);
            }
            let mut seen = Vec::new();
            let taken = rings.consume(usize::MAX, |ring, record| {
                seen.push((ring, record.to_vec()))
            });
            seen.sort();
            assert_eq!(
                (taken, seen),
                (Ok(2), vec![(0, vec![1; 13]), (1, vec![2; 13])])
            );
        }
        // The others are not starved by a limit: each call begins with another ring.
        for prog in [&progs[0], &progs[0], &progs[1]] {
            testing::run(prog, &[0; 14]);
        }
        let mut order = [0; 2];
        rings.consume(1, |ring, _| order[0] = ring).unwrap();
        rings.consume(1, |ring, _| order[1] = ring).unwrap();
        assert_ne!(order[0], order[1]);
    }

    #[test]
    fn a_sleeping_consumer_misses_nothing() {
        const RECORDS: u32 = 20_000;
        if testing::skip("a_sleeping_consumer_misses_nothing") {
            return;
        }
        let map = ring_map(4096);
        let prog = producer(&map, RINGBUF_SUBMIT);
        let mut rings = RingBuffer::new([&map]).unwrap();
        let producing = std::thread::spawn(move || {
            for i in 0..RECORDS {
                while testing::run(&prog, &packet(i)) != 0 {
                    std::thread::yield_now(); // full
                }
            }
        });
        let mut next = 0;
        while next < RECORDS {
            assert_eq!(
                rings.poll(Some(Duration::from_secs(10))),
                Ok(true),
                "no wakeup after {next}"
            );
            rings
                .consume(usize::MAX, |_, record| {
                    assert_eq!(record, &packet(next)[14..46]);
                    next += 1;
                })
                .unwrap();
        }
        producing.join().unwrap();
    }

    #[test]
    fn one_consumer_at_a_time() {
        if testing::skip("one_consumer_at_a_time") {
            return;
        }
        let errno = |result: Result<RingBuffer, MapError>| match result {
            Err(MapError::Sys { source, .. }) => source.errno,
            other => panic!("{other:?}"),
        };
        let map = ring_map(4096);
        let rings = RingBuffer::new([&map]).unwrap();
        assert_eq!(errno(RingBuffer::new([&map])), libc::EBUSY);
        drop(rings);
        let rings = RingBuffer::new([&map]).unwrap();
        let prog = producer(&map, RINGBUF_SUBMIT);
        drop(map);
        testing::run(&prog, &packet(1));
        let mut rings = rings;
        assert_eq!(
            rings.consume(9, |_, record| assert_eq!(record.len(), 32)),
            Ok(1)
        );

        let spec = MapSpec {
            name: "array".into(),
            map_type: MapType::ARRAY,
            key_size: 4,
            value_size: 4,
            max_entries: 1,
            ..MapSpec::default()
        };
        assert_eq!(
            errno(RingBuffer::new([&Map::create(spec, None).unwrap()])),
            libc::EINVAL
        );
    }
}
