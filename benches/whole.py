#!/usr/bin/env python3
"""Whole processes, side by side in one run: clawmend against what a user would pick instead.

usage: benches/whole.py [--clawmend PATH] [--devices N] [--runs N] [--node PATH] [--beside PATH]

Prints medians and ratios with the aims of docs/performance.md. With --beside, another build of clawmend (a
static one, say) is timed in turns with --clawmend, and nothing else is. Runs of the two sides alternate, so that
what else the machine does hits both. Needs python3, jq, sqlite3; node for one line; for the line against
OpenClaw a state dir with a running gateway is too much here: tests/real times that.
"""
import argparse
import collections
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)

NODE_EDIT = """
const fs = require('fs'), path = process.argv[1] + '/devices/paired.json';
fs.copyFileSync(path, path + '.bak');
const store = JSON.parse(fs.readFileSync(path, 'utf8'));
const id = JSON.parse(fs.readFileSync(process.argv[1] + '/identity/device.json', 'utf8')).deviceId;
const full = ['operator.admin', 'operator.approvals', 'operator.pairing', 'operator.read', 'operator.write'];
store[id].scopes = store[id].approvedScopes = store[id].tokens.operator.scopes = full;
const out = fs.openSync(path + '.tmp', 'w', 0o600);
fs.writeSync(out, JSON.stringify(store, null, 2)); fs.fsyncSync(out); fs.closeSync(out);
fs.renameSync(path + '.tmp', path);
"""

JQ_EDIT = """set -e
cd "$1/devices"; cp paired.json paired.json.bak
id=$(jq -r .deviceId ../identity/device.json)
jq --arg id "$id" '.[$id].scopes = ["operator.admin","operator.approvals","operator.pairing","operator.read","operator.write"]
  | .[$id].approvedScopes = .[$id].scopes | .[$id].tokens.operator.scopes = .[$id].scopes' paired.json > paired.json.tmp
mv paired.json.tmp paired.json; sync paired.json
"""


def physical(path):
    """Read the bytes, write them twice, fsync: what no editor of whole files can go below."""
    with open(path, "rb") as file:
        data = file.read()
    for name in (path + ".one", path + ".two"):
        with open(name, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.unlink(name)


def promised(path):
    """The same with what all-or-nothing takes besides: the SHA-256 of both files (to tell an interrupted run
    from a finished one) and three comparisons, byte for byte (what came out of the exchange with what was
    read, what stands there with what was meant, twice). No parsing, no search, no checks."""
    with open(path, "rb") as file:
        data = file.read()
    for name in (path + ".one", path + ".two"):
        with open(name, "wb") as file:
            file.write(data)
            hashlib.sha256(data).digest()
            file.flush()
            os.fsync(file.fileno())
    for name in (path, path + ".one", path + ".two"):
        with open(name, "rb") as file:
            at = 0
            while piece := file.read(1 << 18):
                assert piece == data[at:at + len(piece)]
                at += len(piece)
    for name in (path + ".one", path + ".two"):
        os.unlink(name)


# Seconds on the clock, seconds of processors, and the most memory (bytes).
Used = collections.namedtuple("Used", "wall cpu peak")


def run(argv):
    """What a process used."""
    before = time.perf_counter()
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    return Used(time.perf_counter() - before, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def alternate(runs, sides, fresh=None):
    """What each side used: medians, and the most memory of all; `fresh()` gives each run its argument."""
    used = {name: [] for name in sides}
    for _ in range(runs):
        for name, act in sides.items():
            argument = fresh() if fresh else None
            used[name].append(act(argument))
            if argument:
                shutil.rmtree(argument)
    return {name: Used(statistics.median(one.wall for one in each), statistics.median(one.cpu for one in each),
                       max(one.peak for one in each)) for name, each in used.items()}


def walls(*args):
    """The medians on the clock alone."""
    return {name: used.wall for name, used in alternate(*args).items()}


def line(what, ours, theirs, ratio, aim, met):
    told = "" if met is None else "yes" if met else "NO"
    print(f"| {what} | {ours} | {theirs} | {ratio} | {aim} | {told} |", flush=True)


def ms(seconds):
    return f"{seconds * 1000:.1f} ms"


def rows(clawmend, args, made, fresh_copy_of):
    """A repair of many rows and of few, with and without what its snapshot takes; and what the reading of
    the rows alone takes `sqlite3`, which no diagnosis of all of them can go below."""
    many, few = made("sqlite", args.devices), made("sqlite", 10)

    def ours(*words):
        return lambda path: run([clawmend, "--state-dir", path, *words, "--quiet"])

    sides = {"repair": ours("repair", "--yes"), "create": ours("snapshot", "create"), "diagnose": ours("diagnose")}
    a, b = (walls(args.runs, sides, fresh_copy_of(source)) for source in (many, few))
    what = f"repair, {args.devices} rows in SQLite, against 10"
    ratio = a["repair"] / b["repair"]
    line(f"{what}, its snapshot included", ms(a["repair"]), ms(b["repair"]), f"{ratio:.1f}", "", None)
    # `snapshot create` reads the state as `diagnose` does, and then copies.
    a, b = (side["repair"] - max(0, side["create"] - side["diagnose"]) for side in (a, b))
    line(f"{what}, snapshot aside", ms(a), ms(b), f"{a / b:.1f}", "at most 3", a / b <= 3)

    def select(source):
        return lambda _: run(["sqlite3", f"{source}/state/openclaw.sqlite", "select * from device_pairing_paired"])

    times = walls(args.runs, {"many": select(many), "few": select(few)})
    a, b = times["many"], times["few"]
    line("for comparison: `sqlite3` reading these rows, against 10", ms(a), ms(b), f"{a / b:.1f}", "", None)


def beside(clawmend, other, args, made, fresh_copy_of):
    """Another build of clawmend, in turns with this one."""
    builds = {"us": clawmend, "other": os.path.abspath(other)}

    def sides(*words):
        return {name: lambda path, build=build: run([build, *(["--state-dir", path] if path else []), *words])
                for name, build in builds.items()}

    for what, words, source, runs in (
            ("--version", ["--version"], None, 10),
            ("diagnose, 13 devices", [], made("files", 12), 6),
            ("diagnose, SQLite fixture", [], made("sqlite", 0), 6),
            ("repair, 13 devices", ["repair", "--yes", "--quiet"], made("files", 12), 6),
            ("repair, SQLite fixture", ["repair", "--yes", "--quiet"], made("sqlite", 0), 6),
            (f"diagnose, {args.devices + 1} devices", [], made("files", args.devices), 1),
            (f"repair, {args.devices + 1} devices", ["repair", "--yes", "--quiet"], made("files", args.devices), 1),
            (f"diagnose, {args.devices} rows in SQLite", [], made("sqlite", args.devices), 1),
            (f"repair, {args.devices} rows in SQLite", ["repair", "--yes", "--quiet"], made("sqlite", args.devices), 1)):
        used = alternate(args.runs * runs, sides(*words), fresh_copy_of(source) if source else None)
        us, other = used["us"], used["other"]
        ratio = other.wall / us.wall
        line(f"{what}, the build beside", ms(us.wall), ms(other.wall), f"{ratio:.2f}", "at most 1.1", ratio <= 1.1)
        ratio = other.cpu / us.cpu
        line(f"{what}, processors' time", ms(us.cpu), ms(other.cpu), f"{ratio:.2f}", "at most 1.1", ratio <= 1.1)
        line(f"{what}, memory", f"{us.peak / 1e6:.0f} MB", f"{other.peak / 1e6:.0f} MB", f"{other.peak / us.peak:.2f}", "", None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clawmend", default=os.path.join(ROOT, "target/release/clawmend"))
    parser.add_argument("--devices", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--node", default=shutil.which("node"))
    parser.add_argument("--beside")
    args = parser.parse_args()
    clawmend = os.path.abspath(args.clawmend)
    os.environ["HOME"] = "/nonexistent"
    work = tempfile.mkdtemp(prefix="clawmend-bench-")
    generate = [sys.executable, os.path.join(HERE, "generate.py")]

    def made(kind, count):
        path = os.path.join(work, f"{kind}-{count}")
        subprocess.run(generate + [kind, path, str(count)], check=True)
        return path

    def fresh_copy_of(source):
        def fresh():
            path = tempfile.mkdtemp(dir=work)
            shutil.copytree(source, path, dirs_exist_ok=True)
            os.sync()
            return path
        return fresh

    print("| what | clawmend | against | ratio | aim | met |\n|---|---|---|---|---|---|")
    if args.beside:
        beside(clawmend, args.beside, args, made, fresh_copy_of)
        shutil.rmtree(work)
        return

    small = made("files", 12)
    times = walls(args.runs * 6, {
        "us": lambda _: run([clawmend, "--state-dir", small]),
        "jq": lambda _: run(["jq", ".", f"{small}/devices/paired.json"]),
    })
    ratio = times["us"] / times["jq"]
    line("diagnose, 13 devices, against `jq .`", ms(times["us"]), ms(times["jq"]), f"{ratio:.2f}", "at most 1.0", ratio <= 1.0)

    database = made("sqlite", 0)
    times = walls(args.runs * 6, {
        "us": lambda _: run([clawmend, "--state-dir", database]),
        "sqlite3": lambda _: run(["sqlite3", f"{database}/state/openclaw.sqlite", "select * from device_pairing_paired"]),
    })
    ratio = times["us"] / times["sqlite3"]
    line("diagnose, SQLite fixture, against `sqlite3`", ms(times["us"]), ms(times["sqlite3"]), f"{ratio:.2f}", "at most 1.5", ratio <= 1.5)

    times = walls(args.runs * 10, {
        "us": lambda _: run([clawmend, "--version"]),
        "true": lambda _: run(["true"]),
    })
    extra = times["us"] - times["true"]
    line("--version, against `true`", ms(times["us"]), ms(times["true"]), f"+{extra * 1000:.1f} ms", "within 2 ms", extra <= 0.002)

    big = made("files", args.devices)
    size = os.path.getsize(f"{big}/devices/paired.json")
    sides = {
        "us": lambda path: run([clawmend, "--state-dir", path, "repair", "--yes", "--quiet"]),
        "jq": lambda path: run(["bash", "-c", JQ_EDIT, "bash", path]),
    }
    if args.node:
        sides["node"] = lambda path: run([args.node, "--max-old-space-size=8192", "-e", NODE_EDIT, path])

    def inside(work):
        def timed(path):
            before = time.perf_counter()
            work(f"{path}/devices/paired.json")
            return Used(time.perf_counter() - before, 0, 0)
        return timed
    sides["limit"] = inside(physical)
    sides["promised"] = inside(promised)
    used = alternate(args.runs, sides, fresh_copy_of(big))
    times = {name: one.wall for name, one in used.items()}
    what = f"repair, {args.devices + 1} devices ({size / 1e6:.0f} MB)"
    for name, words, aim in (("jq", "a jq edit and a copy", 5), ("node", "a Node script and a copy", 3)):
        if name in times:
            ratio = times[name] / times["us"]
            line(f"{what}, against {words}", ms(times["us"]), ms(times[name]), f"{ratio:.1f} times faster", f"at least {aim} times", ratio >= aim)
    ratio = times["us"] / times["limit"]
    line(f"{what}, against read, write twice, fsync", ms(times["us"]), ms(times["limit"]), f"{ratio:.2f}", "within 1.5", ratio <= 1.5)
    ratio = times["us"] / times["promised"]
    line(f"{what}, for comparison: these plus two hashes and three comparisons", ms(times["us"]), ms(times["promised"]), f"{ratio:.2f}", "", None)
    ratio = used["us"].peak / size
    line("peak memory of that repair, against the file", f"{used['us'].peak / 1e6:.0f} MB", f"{size / 1e6:.0f} MB", f"{ratio:.2f}", "at most 2.2", ratio <= 2.2)

    def repairs(path):
        return run([clawmend, "--state-dir", path, "repair", "--yes", "--quiet"])

    thousand = made("files", 1000)
    times = walls(args.runs * 6, {
        "us": repairs,
        "copy": lambda path: run(["sh", "-c", 'cp "$1" "$1.bak" && sync "$1.bak"', "sh", f"{path}/devices/paired.json"]),
    }, fresh_copy_of(thousand))
    ratio = times["us"] / times["copy"]
    line("repair, 1001 devices, against `cp` and `sync` of the file", ms(times["us"]), ms(times["copy"]), f"{ratio:.2f}", "at most 2", ratio <= 2)

    def pair(what, one, other, aim, work=repairs):
        results = []
        for source in (one, other):
            results.append(walls(args.runs, {"us": work}, fresh_copy_of(source))["us"])
        ratio = results[0] / results[1]
        line(what, ms(results[0]), ms(results[1]), f"{ratio:.2f}", f"at most {aim}", ratio <= aim)
    pair("repair, database of 1 GB, against 2 MB", made("padded", 1000), made("padded", 1), 1.5)
    many, few = made("requests", 20000), made("requests", 5000)
    # Not quiet: the preview is what people read.
    for words in (["repair", "--dry-run"], ["approve", "--dry-run", "00000001-0000-4000-8000-000000000001"], ["repair", "--yes"]):
        asked = lambda path, words=words: run([clawmend, "--state-dir", path, *words])
        pair(f"{words[0]} {words[1]}, 20000 own requests in the database, against 5000", many, few, 5, asked)
    rows(clawmend, args, made, fresh_copy_of)
    size = os.path.getsize(clawmend)
    line("release binary", f"{size / 1e6:.2f} MB", "", "", "at most 6 MB", size <= 6e6)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
