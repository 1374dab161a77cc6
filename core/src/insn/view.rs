//! The 8 bytes of an instruction.
//!
//! Enters: bytes of either byte order. Leaves: [`Insn`], decoded; and the same back as bytes.
//! Rule: `struct bpf_insn` of the kernel's `include/uapi/linux/bpf.h`; the byte order also decides
//! which nibble is the destination register.

use crate::units::Endian;

/// Bytes of an instruction; a 64-bit immediate takes two.
pub const INSN_BYTES: usize = 8;

/// Immediate of the call that poisons an instruction: 0xbad2310, "bad relo". The verifier says
/// `invalid func unknown#195896080` if it can be reached.
pub const POISON_IMM: i32 = 195_896_080;

/// An instruction, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Insn {
    /// Opcode.
    pub code: u8,
    /// Destination register.
    pub dst: u8,
    /// Source register, or what kind of thing the immediate is.
    pub src: u8,
    /// Offset of a load, store or jump.
    pub off: i16,
    /// Immediate.
    pub imm: i32,
}

impl Insn {
    /// What a poisoned instruction is replaced by.
    pub const POISON: Self = Self {
        code: 0x85,
        dst: 0,
        src: 0,
        off: 0,
        imm: POISON_IMM,
    };

    /// Decodes 8 bytes.
    #[must_use]
    pub const fn decode(bytes: [u8; INSN_BYTES], endian: Endian) -> Self {
        let [code, regs, o0, o1, i0, i1, i2, i3] = bytes;
        let (high, low) = (regs >> 4, regs & 15);
        let (dst, src) = match endian {
            Endian::Little => (low, high),
            Endian::Big => (high, low),
        };
        Self {
            code,
            dst,
            src,
            off: endian.u16([o0, o1]).cast_signed(),
            imm: endian.u32([i0, i1, i2, i3]).cast_signed(),
        }
    }

    /// Encodes into 8 bytes.
    #[must_use]
    pub const fn encode(self, endian: Endian) -> [u8; INSN_BYTES] {
        let (dst, src) = (self.dst & 15, self.src & 15);
        let regs = match endian {
            Endian::Little => src << 4 | dst,
            Endian::Big => dst << 4 | src,
        };
        let [o0, o1] = endian.bytes16(self.off.cast_unsigned());
        let [i0, i1, i2, i3] = endian.bytes32(self.imm.cast_unsigned());
        [self.code, regs, o0, o1, i0, i1, i2, i3]
    }

    /// The first half of a 64-bit immediate load (`BPF_LD | BPF_IMM | BPF_DW`).
    #[must_use]
    pub const fn is_ld_imm64(self) -> bool {
        self.code == 0x18
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders() {
        // r1 = *(u64 *)(r6 + 0x0708), as clang encodes it for bpfel and bpfeb.
        let insn = Insn {
            code: 0x79,
            dst: 1,
            src: 6,
            off: 0x0708,
            imm: 0,
        };
        assert_eq!(
            insn.encode(Endian::Little),
            [0x79, 0x61, 0x08, 0x07, 0, 0, 0, 0]
        );
        assert_eq!(
            insn.encode(Endian::Big),
            [0x79, 0x16, 0x07, 0x08, 0, 0, 0, 0]
        );
        for endian in [Endian::Little, Endian::Big] {
            assert_eq!(Insn::decode(insn.encode(endian), endian), insn);
            assert_eq!(
                Insn::decode(Insn::POISON.encode(endian), endian),
                Insn::POISON
            );
        }
        assert_eq!(POISON_IMM, 0x0bad_2310);
    }
}
