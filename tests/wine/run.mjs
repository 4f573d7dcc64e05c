// The Windows program under Wine, beside the Linux one: the same commands on the same state, and what they said
// and left behind compared. `ci/wine` runs it: node tests/wine/run.mjs WINDOWS_PROGRAM LINUX_PROGRAM HOLDER [WORD]
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;
const [WINDOWS, LINUX, HOLDER, WORD = ""] = process.argv.slice(2);
const WINE = process.env.CLAWMEND_WINE ?? "wine";
const PREFIX = process.env.WINEPREFIX;
const KILLS = Number(process.env.CLAWMEND_KILLS ?? 200);
const FIXTURES = readdirSync(join(ROOT, "tests", "fixtures")).filter((name) => /^\d/.test(name) && !name.includes(".json"));

const work = mkdtempSync(join(tmpdir(), "clawmend-wine-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

let [passed, failed] = [0, 0];
function check(ok, name, more = "") {
  if (ok) passed++;
  else {
    failed++;
    console.log(`FAILED  ${name}\n${more}`);
  }
}
const same = (a, b, name) => {
  const [one, other] = [a, b].map((it) => (typeof it === "string" ? it : shown(it)));
  check(one === other, name, one === other ? "" : firstDifference(one, other));
};
function firstDifference(one, other) {
  const [a, b] = [one.split("\n"), other.split("\n")];
  const at = a.findIndex((line, index) => line !== b[index]);
  const from = Math.max(0, at < 0 ? a.length - 1 : at - 2);
  return `  one:   ${a.slice(from, from + 5).join("\n         ")}\n  other: ${b.slice(from, from + 5).join("\n         ")}`;
}

/** Runs a program to its end; `moment(child)` may end it before. */
function run(file, args, env = {}, moment) {
  return new Promise((resolve, reject) => {
    const clean = { PATH: process.env.PATH, HOME: process.env.HOME, LANG: "C.UTF-8", WINEPREFIX: PREFIX, WINEDEBUG: "-all" };
    const child = spawn(file, args, { cwd: work, env: { ...clean, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (piece) => (stdout += piece));
    child.stderr.setEncoding("utf8").on("data", (piece) => (stderr += piece));
    const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
    child.on("error", reject);
    // Wine's server may hold the output open when the program has gone.
    child.on("exit", () => setTimeout(() => [child.stdout, child.stderr].forEach((end) => end.destroy()), 10_000).unref());
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, text: (stdout + stderr).replaceAll("\r\n", "\n") });
    });
    moment?.(child);
  });
}
const windows = (args, env, moment) => run(WINE, [WINDOWS, ...args], env, moment);
/** Lines of a batch file for cmd, and the exit code of the last. */
function cmd(lines, env) {
  const file = join(mkdtempSync(join(work, "batch-")), "x.bat");
  writeFileSync(file, ["@echo off", "chcp 65001 >nul", ...lines, "exit %errorlevel%", ""].join("\r\n"));
  return run(WINE, ["cmd", "/c", zdrive(file)], env);
}
const linux = (args, env) => run(LINUX, args, env);

/** A path of this system as Wine's programs name it. */
const zdrive = (path) => `Z:${path.replaceAll("/", "\\")}`;

/** A state dir with a fixture in it, private as OpenClaw keeps it. Its records name the system that looks. */
function state(path, fixture, platform = "win32") {
  cpSync(join(ROOT, "tests", "fixtures", fixture), path, { recursive: true });
  const names = { win32: ["win32", "Windows"], linux: ["linux", "Linux"] }[platform];
  const database = join(path, "state", "openclaw.sqlite");
  if (existsSync(database)) {
    const script = `import sqlite3,sys
c=sqlite3.connect(sys.argv[1]); c.execute("update device_pairing_paired set platform=?, device_family=?", sys.argv[2:]); c.commit(); c.close()`;
    execFileSync("python3", ["-c", script, database, ...names]);
  }
  for (const file of files(path)) {
    if (file.endsWith(".json")) {
      const text = readFileSync(join(path, file), "utf8");
      writeFileSync(join(path, file), text.replaceAll('"platform": "linux"', `"platform": "${names[0]}"`));
    }
  }
  lock(path);
  return path;
}
function lock(path) {
  const folder = lstatSync(path).isDirectory();
  chmodSync(path, folder ? 0o700 : 0o600);
  if (folder) for (const name of readdirSync(path)) lock(join(path, name));
}
/** All files below a folder but clawmend's own. */
function files(path, below = "") {
  return readdirSync(join(path, below), { withFileTypes: true }).flatMap((entry) => {
    const name = below ? `${below}/${entry.name}` : entry.name;
    if (name === "clawmend") return [];
    return entry.isDirectory() ? files(path, name) : [name];
  });
}
/** What lies in a state dir, with what differs from run to run left out. Of a database its rows. */
function contents(path, names = files(path)) {
  const out = {};
  for (const name of names.sort()) {
    if (/sqlite-(wal|shm)$/.test(name)) continue;
    if (!existsSync(join(path, name))) {
      out[name] = "absent";
    } else if (name.endsWith(".sqlite")) {
      const copy = join(mkdtempSync(join(work, "rows-")), "x.sqlite");
      for (const side of ["", "-wal", "-shm"]) {
        if (existsSync(join(path, name + side))) cpSync(join(path, name + side), copy + side);
      }
      const script = `import sqlite3,sys
c=sqlite3.connect(sys.argv[1]); assert c.execute("pragma integrity_check").fetchone()[0]=="ok"; print("\\n".join(c.iterdump()))`;
      out[name] = plain(execFileSync("python3", ["-c", script, copy], { encoding: "utf8", maxBuffer: 1 << 28 }));
    } else {
      out[name] = plain(readFileSync(join(path, name), "utf8"));
    }
  }
  return out;
}
const shown = (found) => Object.entries(found).map(([name, text]) => `== ${name}\n${text}`).join("\n");
/** Without systems, times and fresh secrets. */
function plain(text, dirs = []) {
  let out = text.replaceAll("\r\n", "\n").replaceAll("\\\\", "/");
  for (const dir of dirs) out = out.replaceAll(dir.replaceAll("\\", "/"), "<STATE>");
  return out
    .replaceAll("win32", "linux")
    .replaceAll("Windows", "Linux")
    .replace(/\d{8}T\d{6}\.\d{3}Z/g, "<TIME>")
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d/g, "<TIME>")
    .replace(/1[78]\d{11}/g, "0")
    .replace(/\d+ (second|minute|hour|day)s? ago|just now/g, "<AGO>")
    .replace(/\*{4}[\w-]{4}/g, "<TOKEN>")
    .replace(/"token":\s*"[\w-]{43}"/g, '"token":"<TOKEN>"');
}

const sections = [];
const section = (name, work) => sections.push([name, work]);

const STORY = [
  ["diagnose", "--json"],
  ["diagnose", "-v", "--json"],
  ["devices", "--json"],
  ["explain", "--json", "cli-scopes-missing"],
  ["repair", "--dry-run", "--json"],
  ["snapshot", "create", "--json"],
  ["repair", "--yes", "--json"],
  ["diagnose", "--json"],
  ["devices", "--json"],
  ["snapshot", "list", "--json"],
  ["snapshot", "show", "--json"],
  ["snapshot", "verify", "--json"],
  ["restore", "--yes", "--json"],
  ["diagnose", "--json"],
  ["approve", "--yes", "--json"],
  ["diagnose", "--json"],
  ["snapshot", "prune", "--keep", "1", "--json"],
];
for (const fixture of FIXTURES) {
  section(`as on Linux: ${fixture}`, async () => {
    const folder = mkdtempSync(join(work, "story-"));
    const [here, there] = [state(join(folder, "linux"), fixture, "linux"), state(join(folder, "windows"), fixture)];
    for (const args of STORY) {
      const name = `${fixture}: ${args.join(" ")}`;
      const before = contents(there);
      const [one, other] = [await linux(["--state-dir", here, ...args]), await windows(["--state-dir", zdrive(there), ...args])];
      check(one.code === other.code, `${name}: exit ${one.code}, ${other.code} on Windows`, other.text);
      const dirs = [here, zdrive(there), there];
      const document = (text) => stripped(plain(text, dirs));
      same(document(one.stdout), document(other.stdout), `${name}: the document`);
      same(contents(here), contents(there), `${name}: the files`);
      if (!args.includes("--yes")) same(before, contents(there), `${name}: reads`);
    }
  });
}
/** A document without what only one of the systems knows, permission bits and owners, and without what follows
 * from the bytes of files that name their system: sizes and sums. */
function stripped(text) {
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    return `no document: ${text}`;
  }
  const strip = (value) => {
    if (Array.isArray(value)) return value.map(strip);
    if (value === null || typeof value !== "object") return value;
    const kept = Object.entries(value).filter(([key]) => !["mode", "uid", "gid", "size", "bytes", "sha256"].includes(key));
    return Object.fromEntries(kept.map(([key, inner]) => [key, strip(inner)]));
  };
  return JSON.stringify(strip(document), null, 1);
}

section("demo", async () => {
  const [one, other] = [await linux(["demo"]), await windows(["demo"])];
  check(other.code === 0, "demo: exit", other.text);
  const exits = (text) => (text.match(/\(exit \d\)/g) ?? []).join();
  same(exits(one.text), exits(other.text), "demo: each step ends as on Linux");
});

const FIXTURE = "2026.5.28-scope-upgrade-pending";
/** Repairs a state dir at `path` (Windows' name for it) and takes it back. */
async function roundTrip(name, real, args, env) {
  const before = contents(real);
  const found = await windows([...args, "diagnose", "--json"], env);
  check(found.code === 1, `${name}: locked out`, found.text);
  const repaired = await windows([...args, "-q", "repair", "--yes"], env);
  check(repaired.code === 0, `${name}: repair`, repaired.text);
  check((await windows([...args, "diagnose"], env)).code === 0, `${name}: open`);
  check((await windows([...args, "-q", "restore", "--yes"], env)).code === 0, `${name}: restore`);
  same(before, contents(real), `${name}: as before`);
  return repaired;
}

section("paths", async () => {
  const odd = { spaces: "my claw  dir", CJK: "漢字 かな", quotes: "it's & 100% (a) ^ $x `y", umlauts: "Jürgen Müller" };
  for (const [name, part] of Object.entries(odd)) {
    for (const fixture of [FIXTURE, FIXTURES.at(-1)]) {
      const real = state(join(mkdtempSync(join(work, "path-")), part), fixture);
      await roundTrip(`${name}, ${fixture}`, real, ["--state-dir", zdrive(real)]);
    }
  }
  const ondrive = join(PREFIX, "drive_c", "claw dir");
  rmSync(ondrive, { recursive: true, force: true });
  await roundTrip("drive letter", state(ondrive, FIXTURE), ["--state-dir", "C:\\claw dir"]);
  await roundTrip("drive letter, other slashes and case", ondrive, ["--state-dir", "c:/CLAW dir/"]);
  await roundTrip("\\\\?\\", ondrive, ["--state-dir", "\\\\?\\C:\\claw dir"]);
  const share = join(PREFIX, "dosdevices", "unc", "nas", "share");
  rmSync(join(PREFIX, "dosdevices", "unc"), { recursive: true, force: true });
  mkdirSync(share, { recursive: true });
  for (const fixture of [FIXTURE, FIXTURES.at(-1)]) {
    const real = state(join(share, fixture), fixture);
    await roundTrip(`UNC, ${fixture}`, real, ["--state-dir", `\\\\nas\\share\\${fixture}`]);
  }
  // The files of WSL, as Windows names them, are another OpenClaw's; those of a server are not known to be.
  const inside = join(PREFIX, "dosdevices", "unc", "wsl.localhost", "Debian", "home");
  mkdirSync(inside, { recursive: true });
  const real = state(join(inside, ".openclaw"), FIXTURE, "linux");
  const wsl = "\\\\wsl.localhost\\Debian\\home\\.openclaw";
  await roundTrip("WSL's files", real, ["--state-dir", wsl]);
  const told = async (dir) => (await windows(["--state-dir", dir, "diagnose", "--json"])).stdout.includes('"state-of-other-system"');
  check(await told(wsl), "WSL's files: said to be another OpenClaw's");
  check(!(await told(`\\\\nas\\share\\${FIXTURE}`)), "a server's files: not said to be");
});

section("where the state is", async () => {
  const profile = mkdtempSync(join(work, "profile-"));
  const real = state(join(profile, ".openclaw"), FIXTURE);
  const ask = (sets) => cmd([...sets.map((set) => `set ${set}`), `${zdrive(WINDOWS)} diagnose --json`]);
  for (const [name, sets] of [
    ["USERPROFILE", [`USERPROFILE=${zdrive(profile)}`]],
    ["HOME before USERPROFILE", ["USERPROFILE=C:\\nowhere", `HOME=${zdrive(profile)}`]],
    ["OPENCLAW_STATE_DIR with backslashes", [`OPENCLAW_STATE_DIR=${zdrive(real)}`]],
    ["OPENCLAW_STATE_DIR with slashes", [`OPENCLAW_STATE_DIR=${zdrive(real).replaceAll("\\", "/")}`]],
    ["openclaw_state_dir", [`openclaw_state_dir=${zdrive(real)}`]],
    ["OPENCLAW_STATE_DIR=~\\.openclaw", [`USERPROFILE=${zdrive(profile)}`, "OPENCLAW_STATE_DIR=~\\.openclaw"]],
    ["OPENCLAW_HOME", [`OPENCLAW_HOME=${zdrive(profile)}`]],
  ]) {
    const found = await ask(sets);
    const dir = found.stdout.match(/"stateDir": "(.*)"/)?.[1];
    check(found.code === 1 && dir?.replaceAll("\\\\", "\\") === zdrive(real), name, found.text);
  }
});

section("code pages", async () => {
  const real = state(join(mkdtempSync(join(work, "page-")), "Ünï 漢字"), FIXTURE);
  for (const page of [437, 850, 932, 1252, 65001]) {
    for (const args of ["diagnose --json", "repair --dry-run", "diagnose"]) {
      const found = await cmd([`chcp ${page} >nul`, `${zdrive(WINDOWS)} ${args}`], { OPENCLAW_STATE_DIR: zdrive(real) });
      check(found.code === (args.includes("repair") ? 0 : 1) && found.stdout.includes("Ünï 漢字"), `code page ${page}, ${args}: UTF-8 comes out`, found.text);
    }
  }
  const ascii = state(join(mkdtempSync(join(work, "page-")), "s"), FIXTURE);
  await roundTrip("LC_ALL=C", ascii, ["--state-dir", zdrive(ascii)], { LC_ALL: "C" });
});

section("printed commands", async () => {
  for (const part of ["plain", "my claw", "a&b", "it's (x) ^y", "$HOME `id`", "x,y;z=1"]) {
    const real = state(join(mkdtempSync(join(work, "paste-")), part), FIXTURE);
    const done = await windows(["--state-dir", zdrive(real), "-q", "repair", "--yes"]);
    const line = done.text.match(/^To undo:\s+clawmend (.*)$/m)?.[1];
    check(line, `${part}: a command is printed`, done.text);
    const undone = await cmd([`${zdrive(WINDOWS)} ${line} --yes -q`]);
    check(undone.code === 0, `${part}: cmd takes it: ${line}`, undone.text);
  }
});

/** Starts the holder and does `deed` while it holds. */
async function held(path, shared, ms, deed) {
  let result;
  await run(WINE, [HOLDER, zdrive(path), String(shared), String(ms)], {}, (child) => {
    child.stdout.once("data", () => (result = deed()));
  });
  return result;
}
section("held by another program", async () => {
  const stores = [
    [FIXTURE, ["devices/paired.json", "devices/pending.json", "identity/device-auth.json"]],
    [FIXTURES.at(-1), ["state/openclaw.sqlite"]],
  ];
  for (const [fixture, names] of stores) {
    for (const file of names) {
      for (const shared of [0, 1, 3]) {
        const real = state(join(mkdtempSync(join(work, "held-")), "s"), fixture);
        const before = contents(real);
        const name = `${file}, shared ${shared}`;
        const refused = await held(join(real, file), shared, 20_000, () => windows(["--state-dir", zdrive(real), "-q", "repair", "--yes"]));
        const now = contents(real);
        // A database that others may write to is written to.
        if (refused.code === 0 && file.endsWith("sqlite") && shared === 3) check(true, name);
        else {
          check([1, 3, 4].includes(refused.code), `${name}: refused`, refused.text);
          same(before, now, `${name}: nothing changed`);
          check(/another program has it open|has the file open|close other programs/.test(refused.text.replace(/\s+/g, " ")), `${name}: says why`, refused.text);
          const again = await windows(["--state-dir", zdrive(real), "-q", "repair", "--yes"]);
          check(again.code === 0, `${name}: done once it is free`, again.text);
        }
      }
      const real = state(join(mkdtempSync(join(work, "held-")), "s"), fixture);
      const waited = await held(join(real, file), 0, 700, () => windows(["--state-dir", zdrive(real), "-q", "repair", "--yes"]));
      check(waited.code === 0, `${file}: waits a moment`, waited.text);
    }
  }
});

section(`killed at ${KILLS} moments`, async () => {
  const ends = { untouched: 0, finished: 0, between: 0 };
  for (const fixture of [FIXTURE, FIXTURES.at(-1)]) {
    const old = state(join(mkdtempSync(join(work, "old-")), "s"), fixture);
    const names = files(old);
    const whole = state(join(mkdtempSync(join(work, "new-")), "s"), fixture);
    const started = Date.now();
    check((await windows(["--state-dir", zdrive(whole), "-q", "repair", "--yes"])).code === 0, `${fixture}: repaired`);
    const took = Date.now() - started;
    const [before, after] = [contents(old, names), contents(whole, names)];
    for (let at = 0; at < KILLS / 2; at++) {
      const real = state(join(mkdtempSync(join(work, "killed-")), "s"), fixture);
      const own = join(real, "clawmend");
      // Every second one at a random time, the others soon after its first file is made.
      const late = Math.random() * 60;
      await windows(["--state-dir", zdrive(real), "-q", "repair", "--yes"], {}, (child) => {
        const stop = () => child.kill("SIGKILL");
        if (at % 2) return setTimeout(stop, Math.random() * took);
        const look = setInterval(() => existsSync(own) && (clearInterval(look), setTimeout(stop, late)), 1);
        child.on("close", () => clearInterval(look));
      });
      const now = contents(real, names);
      const isOld = names.every((name) => now[name] === before[name]);
      const isNew = names.every((name) => now[name] === after[name]);
      ends[isOld ? "untouched" : isNew ? "finished" : "between"]++;
      check(names.every((name) => [before[name], after[name]].includes(now[name])), `kill ${at}, ${fixture}: each file is old or new`);
      const again = await windows(["--state-dir", zdrive(real), "-q", "repair", "--yes"]);
      check(again.code === 0, `kill ${at}, ${fixture}: the next run finishes it`, again.text);
      check((await windows(["--state-dir", zdrive(real), "diagnose"])).code === 0, `kill ${at}, ${fixture}: open`);
      // A log of SQLite stays where the killed run had committed: the next that writes, a gateway say, takes it in.
      const left = files(real).filter((name) => !names.includes(name) && !files(whole).includes(name) && !/-(wal|shm)$/.test(name));
      check(left.length === 0, `kill ${at}, ${fixture}: nothing is left over: ${left}`);
      rmSync(real, { recursive: true });
    }
  }
  console.log(`        ${JSON.stringify(ends)}`);
});

for (const [name, work] of sections) {
  if (!name.includes(WORD)) continue;
  const [before, started] = [[passed, failed], Date.now()];
  await work();
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`${String(passed - before[0]).padStart(5)} passed, ${failed - before[1]} failed  ${name} (${seconds}s)`);
}
console.log(`wine: ${passed} passed, ${failed} failed
Not shown by Wine: access lists (ACLs) and owners, services and scheduled tasks, virus scanners, a real network
share, PowerShell's reading of the commands, Ctrl-C in a real console, OneDrive's files that are not on disk.`);
process.exitCode = failed ? 1 : 0;
