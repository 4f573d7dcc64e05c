// Assembles the npm packages from programs that are built already, and packs them:
//
//   node npm/build.mjs FOLDER PLATFORM=PROGRAM...      linux-x64=target/cross/x86_64-unknown-linux-musl/clawmend
//
// prints the packed files in the order in which they are published: the main package, which asks for exactly
// these versions of the others, comes last. Platforms that are not named are not promised by it.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = new URL("../", import.meta.url).pathname;

/** What npm compares with the machine. Windows on ARM runs programs for x64. */
const PLATFORMS = {
  "linux-x64": { os: ["linux"], cpu: ["x64"] },
  "linux-arm64": { os: ["linux"], cpu: ["arm64"] },
  "darwin-x64": { os: ["darwin"], cpu: ["x64"] },
  "darwin-arm64": { os: ["darwin"], cpu: ["arm64"] },
  "win32-x64": { os: ["win32"], cpu: ["x64", "arm64"] },
};

const refuse = (text) => {
  console.error(`npm/build.mjs: ${text}`);
  process.exit(1);
};

/** What the packages say of themselves, from the one place that says it. */
function facts() {
  const cargo = readFileSync(join(ROOT, "Cargo.toml"), "utf8");
  const section = cargo.slice(cargo.indexOf("[package]")).split(/\n\[/)[0];
  const value = (name) => section.match(new RegExp(`^${name} = "(.*)"$`, "m"))?.[1];
  const [version, description, license, repository] = ["version", "description", "license", "repository"].map(value);
  if (!version || !description || !license) refuse("Cargo.toml has no version, description or license");
  return {
    version,
    description,
    license,
    ...(repository && { homepage: repository, repository: { type: "git", url: `git+${repository}.git` } }),
    publishConfig: { access: "public" },
  };
}

/** The platform of a program by its first bytes, and whether it asks for a loader (glibc's). */
function look(program) {
  const bytes = readFileSync(program);
  if (bytes.length < 64) refuse(`${program} is not a program`);
  if (bytes.toString("latin1", 0, 4) === "\x7fELF") {
    const cpu = { 62: "x64", 183: "arm64" }[bytes.readUInt16LE(18)];
    const [start, size, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
    const kinds = Array.from({ length: count }, (_, at) => bytes.readUInt32LE(start + at * size));
    return { platform: `linux-${cpu}`, dynamic: kinds.includes(3) };
  }
  if (bytes.toString("latin1", 0, 2) === "MZ") {
    const machine = bytes.readUInt16LE(bytes.readUInt32LE(60) + 4);
    return { platform: `win32-${{ 0x8664: "x64" }[machine]}` };
  }
  if (bytes.readUInt32LE(0) === 0xfeedfacf) {
    return { platform: `darwin-${{ 0x01000007: "x64", 0x0100000c: "arm64" }[bytes.readUInt32LE(4)]}` };
  }
  return refuse(`${program} is a program of no kind that is known here`);
}

function assemble(folder, manifest, files) {
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) files[name] = { from: join(ROOT, name) };
  for (const [name, { from, text, mode = 0o644 }] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    if (from) copyFileSync(from, path);
    else writeFileSync(path, text);
    chmodSync(path, mode);
  }
  const all = { ...manifest, files: Object.keys(files) };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(all, null, 2)}\n`);
}

const [out, ...named] = process.argv.slice(2);
if (!out || named.length === 0) refuse("usage: node npm/build.mjs FOLDER PLATFORM=PROGRAM...");
const packages = resolve(out, "packages");
rmSync(packages, { recursive: true, force: true });
const common = facts();
const parts = [];
for (const pair of named) {
  const [, platform, program] = pair.match(/^([a-z0-9-]+)=(.+)$/) ?? refuse(`not PLATFORM=PROGRAM: ${pair}`);
  const fits = PLATFORMS[platform] ?? refuse(`no such platform: ${platform} (${Object.keys(PLATFORMS).join(", ")})`);
  const found = look(program);
  if (found.platform !== platform) refuse(`${program} is for ${found.platform}, not for ${platform}`);
  const name = `@clawmend/${platform}`;
  const manifest = {
    name,
    ...common,
    description: `clawmend's program for ${platform}; install clawmend, which chooses it`,
    ...fits,
    // A static program runs under each libc; only one that asks for glibc is kept to it.
    ...(found.dynamic && { libc: ["glibc"] }),
    // Yarn otherwise keeps packages zipped, and nothing in a zip can be run.
    preferUnplugged: true,
  };
  assemble(join(packages, platform), manifest, {
    [`bin/clawmend${platform.startsWith("win32") ? ".exe" : ""}`]: { from: program, mode: 0o755 },
    "README.md": { text: `# ${name}\n\nThe program for ${platform}. Install \`clawmend\`, which chooses it.\n` },
  });
  parts.push([platform, name]);
}
parts.sort();
assemble(
  join(packages, "clawmend"),
  {
    name: "clawmend",
    ...common,
    keywords: ["openclaw", "repair", "pairing", "cli", "offline"],
    bin: { clawmend: "clawmend.cjs" },
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(parts.map(([, name]) => [name, common.version])),
  },
  {
    "clawmend.cjs": { from: join(ROOT, "npm", "clawmend.cjs"), mode: 0o755 },
    "README.md": { from: join(ROOT, "npm", "README.md") },
  },
);
for (const folder of [...parts.map(([platform]) => platform), "clawmend"]) {
  const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", resolve(out), join(packages, folder)];
  const tarball = execFileSync("npm", args, { encoding: "utf8", cwd: packages }).trim();
  console.log(join(out, tarball.split("\n").at(-1)));
}
