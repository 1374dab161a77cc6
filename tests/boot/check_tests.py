#!/usr/bin/env python3
"""Sums up what the loader's tests said on a kernel's console.

usage: check_tests.py LOG

Prints one line of tab-separated fields for matrix.sh's table: tests passed, and which said that they
skip what this kernel has not. Exit status 1 if a test failed, or the console is not whole.
"""
import re
import sys

text = open(sys.argv[1], "rb").read().replace(b"\r", b"").decode("latin-1")
banner = re.search(r"agent: Linux (\S+) (\S+)", text)
release, machine = banner.groups() if banner else ("?", "?")
results = re.findall(r"test result: (\w+)\. (\d+) passed; (\d+) failed", text)
passed, failed = (sum(int(one[nth]) for one in results) for nth in (1, 2))
skips = sorted(set(re.findall(r"SKIP (\S+?):", text)))
wrong = []
if not re.search(r"^agent: done$", text, re.M) or len(results) != len(re.findall(r"^tests: ", text, re.M)):
    wrong.append("the console ends early")
wrong += [f"test {name}" for name in re.findall(r"^test (\S+) \.\.\..*FAILED$", text, re.M)]
if failed and len(wrong) < 1:
    wrong.append(f"{failed} tests failed")
columns = [release, machine, "-", "-", "-", "-", "-", "-", f"{passed - len(skips)} tests", f"{len(skips)} skip", " ".join(skips) or "-"]
print("\t".join(columns))
for line in wrong:
    print(f"  WRONG {line}", file=sys.stderr)
sys.exit(bool(wrong))
