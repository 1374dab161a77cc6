#!/usr/bin/env python3
"""Checks what the agent printed on a kernel's console against what that kernel says of itself.

usage: check.py LOG --object OBJ --btf BTF [--config FILE] [--std]

- every CO-RE record: worked out again here, from the kernel's BTF and the object's as bpftool dumps
  them, by the rules of the kernel's documentation; no code of the project is involved;
- every event: against the line that the process itself read from /proc;
- the feature probes: against the versions that the features came with;
- that the run was whole, and in which memory.

Prints one line of tab-separated fields for matrix.sh's table; exit status 1 and a line for each thing
that is wrong.
"""
import argparse
import json
import re
import subprocess
import sys

FIELD_KINDS = {0: "offset", 1: "size", 2: "exists", 3: "signed", 4: "lshift", 5: "rshift"}
MODIFIERS = {"TYPEDEF", "CONST", "VOLATILE", "RESTRICT", "TYPE_TAG"}

# What came with which version.
PROBES = {
    "float": (5, 13), "decl-tag": (5, 16), "type-tag": (5, 17), "enum64": (6, 0),
    "ringbuf": (5, 8), "bloom": (5, 16), "arena": (6, 9),
    "boot-ns": (5, 8), "task-btf": (5, 11), "tai-ns": (6, 1), "cpu-v4": (6, 6),
}


class Types:
    """Types as bpftool dumps them."""

    def __init__(self, path):
        dump = subprocess.run(["bpftool", "btf", "dump", "file", path, "-j"], capture_output=True, check=True)
        self.types = {one["id"]: one for one in json.loads(dump.stdout)["types"]}
        self.types[0] = {"id": 0, "kind": "VOID", "name": "void"}
        self.named = {}
        for one in self.types.values():
            self.named.setdefault((one["kind"], one["name"]), []).append(one)

    def real(self, number):
        """The type behind typedefs and modifiers."""
        one = self.types[number]
        while one["kind"] in MODIFIERS:
            one = self.types[one["type_id"]]
        return one

    def size(self, number):
        one = self.real(number)
        if one["kind"] == "ARRAY":
            return one["nr_elems"] * self.size(one["type_id"])
        return 8 if one["kind"] == "PTR" else one["size"]

    def member(self, struct_, name, base=0):
        """A member by name, also in anonymous members: itself, and its place in bits."""
        for one in struct_["members"]:
            place = base + one["bits_offset"]
            if one["name"] == name:
                return one, place
            inner = self.real(one["type_id"])
            if one["name"] in ("", "(anon)") and "members" in inner:
                found = self.member(inner, name, place)
                if found:
                    return found
        return None


def essential(name):
    return re.sub(r"___.*", "", name)


def field_answer(kind, target, member, place, big):
    """The answer about a field, by libbpf's bpf_core_calc_field_relo."""
    bits, real = member.get("bitfield_size", 0), target.real(member["type_id"])
    size = target.size(member["type_id"])
    if bits:
        start = place // 8 // size * size
        while place + bits - start * 8 > size * 8:
            size *= 2
            start = place // 8 // size * size
    else:
        start, bits = place // 8, size * 8
    if kind == "offset":
        return start
    if kind == "size":
        return size
    if kind == "exists":
        return 1
    if kind == "signed":
        return int(real["kind"] == "INT" and "SIGNED" in real["encoding"] or real.get("encoding") == "SIGNED")
    if kind == "rshift":
        return 64 - bits
    return (8 - size) * 8 + place - start * 8 if big else 64 - (place + bits - start * 8)


def matches(local, target, one, other):
    """Type matching for structs of scalars: is each local member there, of the same shape?"""
    for member in one["members"]:
        found = target.member(other, member["name"])
        if not found:
            return False
        mine, theirs = local.real(member["type_id"]), target.real(found[0]["type_id"])
        if any(mine.get(key) != theirs.get(key) for key in ("kind", "size", "encoding")):
            return False
    return True


def answer(local, target, kind, name, access, big):
    """The expected outcome of a record, as the agent prints it."""
    path = [int(part) for part in access.split(":")]
    roots = [one for one in local.types.values() if one["name"] == name and one["kind"] in ("STRUCT", "UNION", "ENUM")]
    root = roots[0]
    candidates = target.named.get((root["kind"], essential(name)), [])
    if kind in (10, 11):
        wanted = root["values"][path[0]]["name"]
        for one in candidates:
            for value in one["values"]:
                if essential(value["name"]) == essential(wanted):
                    return "value 1" if kind == 10 else f"value {value['val']}"
        return "absent" if kind == 10 else "poison"
    if kind in (8, 9, 12):
        if not candidates:
            return "absent"
        other = candidates[0]
        if kind == 12 and not matches(local, target, root, other):
            return "absent"
        return f"value {other['size'] if kind == 9 else 1}"
    names, one = [], root
    for index in path[1:]:
        member = one["members"][index]
        names.append(member["name"])
        one = local.real(member["type_id"])
    for other in candidates:
        place, found = 0, None
        for part in names:
            found = target.member(other, part, place)
            if not found:
                break
            place, other = found[1], target.real(found[0]["type_id"])
        if found:
            return f"value {field_answer(FIELD_KINDS[kind], target, found[0], place, big)}"
    return "absent" if kind == 2 else "poison"


def fields(line):
    """`a 1 b 2` as a dictionary."""
    words = line.split()
    return dict(zip(words[::2], words[1::2]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--object", required=True)
    parser.add_argument("--btf", required=True)
    parser.add_argument("--config")
    parser.add_argument("--std", action="store_true", help="the std loader's lines: events only")
    arguments = parser.parse_args()
    wrong = []

    def expect(what, found, wanted):
        if found != wanted:
            wrong.append(f"{what}: {found}, expected {wanted}")

    text = open(arguments.log, "rb").read().replace(b"\r", b"").decode("latin-1")
    # The firmware's last words may stand before the first line.
    lines = re.findall(r"(?:^|[^\n]*?)((?:agent|probes|btf|note|relocated|record|loaded|proc|event|memory|verifier|opened)[: ].*)", text)
    tagged = lambda tag: [line[len(tag):].strip() for line in lines if line.startswith(tag)]
    local, target = Types(arguments.object), Types(arguments.btf)
    big = open(arguments.btf, "rb").read(2) == b"\xeb\x9f"

    banner = re.search(r"agent: Linux (\S+) (\S+)", text)
    release, machine = banner.groups() if banner else ("?", "?")
    version = tuple(int(part) for part in re.findall(r"\d+", release)[:2])
    expect("last words", tagged("agent:")[-1:], ["done"])
    if not arguments.std:
        expect("bytes of BTF", re.findall(r"btf: \S+ (\d+) bytes", text), [str(len(open(arguments.btf, "rb").read()))])

    records = tagged("record ")
    seen = 0
    for nth, record in enumerate(records):
        found = re.fullmatch(r"(\d+) insn \d+ kind (\d+) (\S+) (\S+) (.*)", record)
        if not found or int(found[1]) != nth:
            wrong.append(f"record {nth}: {record}")
            continue
        expect(f"record {nth} ({found[3]} {found[4]})", found[5], answer(local, target, int(found[2]), found[3], found[4], big))
        seen += 1
    if not arguments.std:
        expect("records", f"{seen}", (re.findall(r"relocated: (\d+) records", text) or ["?"])[0])

    exists = lambda kind, name: int((kind, name) in target.named)
    task = target.named["STRUCT", "task_struct"][0]
    item = {one["name"]: one["val"] for one in target.named["ENUM", "node_stat_item"][0]["values"]}
    new_state = target.member(task, "__state") is not None
    hz = re.search(r"^CONFIG_HZ=(\d+)", open(arguments.config).read(), re.M) if arguments.config else None
    always = {
        "state": "0", "comm-bytes": "16", "reset-on-fork": "0", "hz": hz[1] if hz else "0",
        "shmem": str(item["NR_SHMEM"]), "arena": str(exists("STRUCT", "bpf_arena")),
        "old-state": str(int(not new_state)), "new-state": str(int(new_state)), "task-bytes": str(task["size"]),
    }
    events = [fields(event) for event in tagged("event:")]
    witnesses = tagged("proc:")
    expect("events", len(events), len(witnesses))
    verified = 0
    for event, witness in zip(events, witnesses):
        said = re.match(r"(\d+) \((.*)\) \S (\d+) .*exe-inode (\d+)$", witness)
        before = len(wrong)
        if not said:
            wrong.append(f"no witness: {witness}")
            continue
        wanted = dict(zip(("pid", "comm", "parent", "exe-inode"), said.groups()), **always)
        for key, value in wanted.items():
            expect(f"event of process {said[1]}, {key}", event.get(key), value)
        code = int(event.get("version", 0))
        expect("version of an event", (code >> 16, code >> 8 & 255), version)
        verified += len(wrong) == before
    if not events:
        wrong.append("no event")

    probes = dict(part.split("=") for part in " ".join(tagged("probes:")).split())
    if not arguments.std:
        expect("probes", sorted(probes), sorted(PROBES))
        for name, since in PROBES.items():
            expect(f"probe {name}", probes.get(name), "yes" if version >= since else "no")

    stack = re.search(r"memory: stack (\d+) of (\d+) bytes, paged (\d+) bytes", text)
    anonymous = re.search(r"RssAnon\D+(\d+) kB", text)
    if not anonymous or not stack and not arguments.std:
        wrong.append("no word of memory")
    if anonymous and stack and int(anonymous[1]) > 128:
        wrong.append(f"memory: {anonymous[1]} kB, expected at most 128 kB")
    peak = re.search(r"VmHWM\D+(\d+) kB", text)
    relocated = re.search(r"(?:records,|loaded:) (\d+) us", text)
    way = "mapped" if re.search(r"bytes, mapped", text) else f"paged {int(stack[3]) // 1024} KiB" if stack else "read"
    lacks = [name for name in PROBES if probes.get(name) == "no"]
    row = [
        release, machine, relocated[1] if relocated else "?", f"{int(stack[1]) // 1024} KiB" if stack else "-", way,
        f"{anonymous[1]} kB" if anonymous else "?", f"{peak[1]} kB" if peak else "?", str(len(tagged("loaded:"))), f"{verified}/{len(witnesses)}",
        f"{seen - sum('record' in line for line in wrong)}/{len(records)}", "-" if arguments.std else "all" if not lacks else "no " + " ".join(lacks),
    ]
    print("\t".join(row))
    for line in wrong:
        print(f"  WRONG {line}", file=sys.stderr)
    sys.exit(bool(wrong))


main()
