// Where the tests work: the packed packages, Nodes, users, and what a command said. All commands and their
// outcomes go into target/npm/transcript.txt.
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const ROOT = new URL("../../", import.meta.url).pathname;
export const OUT = join(ROOT, "target", "npm");
const TRANSCRIPT = join(OUT, "transcript.txt");
const PROGRAM = process.env.CLAWMEND_BINARY ?? join(ROOT, "target", "release", "clawmend");
export const HERE = `${process.platform}-${process.arch}`;
const FIXTURE = join(ROOT, "tests", "fixtures", "2026.5.28-scope-upgrade-pending");

export const work = mkdtempSync(join(tmpdir(), "clawmend-npm-"));
chmodSync(work, 0o755);
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

/** The Nodes to try: those that ci/npm installed, or the one that runs this. */
export const nodes = (process.env.CLAWMEND_NODES ?? "")
  .split(":")
  .filter(Boolean)
  .map((file) => ({ file, version: execFileSync(file, ["--version"], { encoding: "utf8" }).trim() }));
if (nodes.length === 0) nodes.push({ file: process.execPath, version: process.version });

/** Who runs it: where this is root's, also somebody who is not. */
export const users = process.getuid() === 0 ? [{ name: "root" }, { name: "a user", uid: 65534, gid: 65534 }] : [{ name: "a user" }];

/** A program of another system as far as anybody looks at it without running it. */
function standIn(platform) {
  const bytes = Buffer.alloc(64);
  if (platform.startsWith("linux")) {
    bytes.write("\x7fELF", "latin1");
    bytes.writeUInt16LE({ "linux-x64": 62, "linux-arm64": 183 }[platform], 18);
  } else if (platform === "win32-x64") {
    bytes.write("MZ");
    bytes.writeUInt32LE(32, 60);
    bytes.writeUInt16LE(0x8664, 36);
  } else {
    bytes.writeUInt32LE(0xfeedfacf, 0);
    bytes.writeUInt32LE({ "darwin-x64": 0x01000007, "darwin-arm64": 0x0100000c }[platform], 4);
  }
  const file = join(work, `stand-in-${platform}`);
  writeFileSync(file, bytes);
  return file;
}

/** Packs all packages, with stand-ins for the platforms whose program was not built here. */
export function pack() {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  writeFileSync(TRANSCRIPT, "");
  const cross = { "linux-x64": "x86_64-unknown-linux-musl/clawmend", "linux-arm64": "aarch64-unknown-linux-musl/clawmend", "win32-x64": "x86_64-pc-windows-gnullvm/clawmend.exe" };
  const pairs = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win32-x64"].map((platform) => {
    const built = cross[platform] && join(ROOT, "target", "cross", cross[platform]);
    const program = built && existsSync(built) ? built : platform === HERE ? PROGRAM : standIn(platform);
    return `${platform}=${program}`;
  });
  const made = execFileSync(process.execPath, [join(ROOT, "npm", "build.mjs"), OUT, ...pairs], { encoding: "utf8" });
  log("node npm/build.mjs target/npm ...", { code: 0, signal: null, stdout: made, stderr: "" });
  return made.trim().split("\n");
}

/** A home with an OpenClaw that has locked its CLI out, for `user`. */
export function home(user, fixture = FIXTURE) {
  const folder = mkdtempSync(join(work, "home-"));
  if (fixture) cpSync(fixture, join(folder, ".openclaw"), { recursive: true });
  give(folder, user);
  return folder;
}

/** Hands a folder over, with all that is in it, and makes it theirs alone. */
export function give(path, user) {
  const folder = lstatSync(path).isDirectory();
  chmodSync(path, folder ? 0o700 : 0o600);
  if (user.uid !== undefined) chownSync(path, user.uid, user.gid);
  if (folder) for (const name of readdirSync(path)) give(join(path, name), user);
}

/** Runs a command as `user` to its end. `hello(child)` is called once its output has `until`. */
export function run(argv, { user = {}, env = {}, cwd = work, input = "", until, hello } = {}) {
  const { uid, gid } = user;
  return new Promise((resolve, reject) => {
    const clean = { PATH: process.env.PATH, LANG: "C.UTF-8", npm_config_update_notifier: "false", npm_config_fund: "false", npm_config_audit: "false" };
    const child = spawn(argv[0], argv.slice(1), { uid, gid, cwd, env: { ...clean, ...env } });
    let [stdout, stderr, greeted] = ["", "", false];
    const read = () => {
      if (until && !greeted && (stdout + stderr).includes(until)) {
        greeted = true;
        hello(child);
      }
    };
    child.stdout.on("data", (piece) => ((stdout += piece), read()));
    child.stderr.on("data", (piece) => ((stderr += piece), read()));
    child.stdin.on("error", () => {});
    if (input !== null) child.stdin.end(input);
    const timer = setTimeout(() => child.kill("SIGKILL"), 180_000);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const ended = { code, signal, stdout, stderr, text: stdout + stderr };
      log(`${user.uid ? "[a user] " : ""}${argv.join(" ")}`, ended);
      resolve(ended);
    });
  });
}

function log(command, { code, signal, stdout, stderr }) {
  const short = (text) => text.replaceAll(work, "/WORK").replaceAll(ROOT, "");
  appendFileSync(TRANSCRIPT, `$ ${short(command)}\n${short(stdout)}${short(stderr)}[${signal ?? `exit ${code}`}]\n\n`);
}

/** A prefix with the packages in it, installed with no registry at all. */
export async function installedOffline(tarballs, user = {}) {
  const prefix = mkdtempSync(join(work, "prefix-"));
  give(prefix, user);
  if (user.uid === undefined) chmodSync(prefix, 0o755);
  const mine = tarballs.filter((file) => file.includes(`clawmend-${HERE}-`) || /\/clawmend-\d/.test(file));
  const argv = ["npm", "install", "--global", "--prefix", prefix, "--offline", "--ignore-scripts", ...mine.map((file) => join(ROOT, file.replace(ROOT, "")))];
  const ended = await run(argv, { user, env: { HOME: home(user, null) } });
  if (ended.code !== 0) throw new Error(ended.text);
  return prefix;
}

export const shimOf = (prefix) => join(prefix, "bin", "clawmend");
export const partOf = (prefix) => join(prefix, "lib", "node_modules", "@clawmend", HERE);
