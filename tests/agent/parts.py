#!/usr/bin/env python3
"""What each part of the agent's code costs: bytes by source module.

usage: parts.py BINARY-WITH-LINE-TABLES

Every address of .text is asked for its source line. Code that was inlined counts for the innermost
function that belongs to the core, the agent or one of their dependencies; what the standard library's
generic code became counts for who used it.
"""
import collections
import re
import shutil
import subprocess
import sys

binary = sys.argv[1]
tools = [shutil.which(name) for name in ("llvm-symbolizer-19", "llvm-symbolizer")]
if not any(tools):
    sys.exit("parts.py: llvm-symbolizer is not installed")
size = subprocess.run(["size", "-A", binary], capture_output=True, text=True, check=True).stdout
length, start = map(int, re.search(r"^\.text\s+(\d+)\s+(\d+)", size, re.M).groups())
step = 2
asked = "\n".join(hex(at) for at in range(start, start + length, step))
answers = subprocess.run([next(filter(None, tools)), "--obj=" + binary, "--output-style=LLVM"],
                         input=asked, capture_output=True, text=True, check=True).stdout


def part(lines):
    for line in lines[1::2]:
        # .../agent/src/load.rs, core/src/relo/spec.rs, registry/.../elf-0.8.0/src/parse.rs
        found = re.search(r"/(agent|core)/src/(?:(btf|relo|elf|ext|insn)/|(\w+)\.rs)", line)
        if found and "/library/" not in line and "/rustc/" not in line:
            return f"{found[1]}: {found[2] or found[3]}"
        found = re.search(r"/registry/src/[^/]*/([a-z]+)-", line)
        if found:
            return f"crate: {found[1]}"
    return "other"


costs = collections.Counter()
for answer in answers.strip().split("\n\n"):
    costs[part(answer.strip().split("\n"))] += step
for name, cost in costs.most_common():
    print(f"  {cost:6} {name}")
