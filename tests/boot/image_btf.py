#!/usr/bin/env python3
"""Cuts the BTF out of a kernel's boot image: what that kernel shows as /sys/kernel/btf/vmlinux.

usage: image_btf.py IMAGE OUT

The kernel proper is somewhere in the image, as it is or compressed: each place that looks like the
start of a compressed stream is given to that format's own tool, and what comes out is searched for a
BTF header whose parts follow one another.
"""
import struct
import subprocess
import sys

STREAMS = [
    (b"\x28\xb5\x2f\xfd", ["zstd", "-dcq"]),
    (b"\xfd7zXZ\0", ["xz", "-dcq", "--single-stream"]),
    (b"\x02\x21\x4c\x18", ["lz4", "-dcq"]),
    (b"\x1f\x8b\x08", ["gzip", "-dcq"]),
]


def places(data, pattern):
    at = data.find(pattern)
    while at >= 0:
        yield at
        at = data.find(pattern, at + 1)


def btf_in(data):
    """The largest BTF in these bytes."""
    best = b""
    for order in "<>":
        for at in places(data, struct.pack(order + "HBBI", 0xEB9F, 1, 0, 24)):
            if at + 24 > len(data):
                continue
            type_off, type_len, str_off, str_len = struct.unpack_from(order + "4I", data, at + 8)
            end = at + 24 + str_off + str_len
            if type_off == 0 and str_off == type_len and end <= len(data) and end - at > len(best):
                best = data[at:end]
    return best if len(best) > 1 << 20 else b""


def main():
    image = open(sys.argv[1], "rb").read()
    found = btf_in(image)
    for magic, tool in STREAMS:
        for at in places(image, magic):
            if found:
                break
            # What follows the stream makes the tool complain: only its output counts.
            found = btf_in(subprocess.run(tool, input=image[at:], capture_output=True).stdout)
    if not found:
        sys.exit(f"{sys.argv[1]}: no BTF found")
    with open(sys.argv[2], "wb") as out:
        out.write(found)


main()
