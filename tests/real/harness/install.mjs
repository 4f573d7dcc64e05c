// The cache of installed releases: pinned versions from npm, scripts never run, reused by every later run.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./processes.mjs";

const INSTALL_TIMEOUT_MS = 10 * 60_000;
const PINNED = new URL("../", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(PINNED, "package.json"), "utf8"));

async function npm(args, cwd) {
  const { code, stdout, stderr } = await run("npm", [...args, "--ignore-scripts", "--no-audit", "--no-fund"], {
    env: process.env,
    cwd,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (code !== 0) throw new Error(`npm ${args.join(" ")} failed (${code}) in ${cwd}\n${stdout}${stderr}`);
}

/** Fills `folder` once; a folder that was left half done by an interrupted run is made anew. */
async function once(folder, stamp, fill) {
  const stampFile = join(folder, "installed.txt");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  rmSync(folder, { recursive: true, force: true });
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await fill(fresh);
  writeFileSync(join(fresh, "installed.txt"), stamp);
  renameSync(fresh, folder);
}

async function pinned(cache) {
  const folder = join(cache, "pinned");
  const lock = readFileSync(join(PINNED, "package-lock.json"), "utf8");
  await once(folder, lock, async (fresh) => {
    for (const name of ["package.json", "package-lock.json"]) cpSync(join(PINNED, name), join(fresh, name));
    await npm(["ci"], fresh);
  });
  return folder;
}

async function onDemand(cache, version) {
  const folder = join(cache, `openclaw-${version}`);
  const wanted = {
    private: true,
    dependencies: { [`openclaw-${version}`]: `npm:openclaw@${version}` },
    overrides: manifest.overrides,
  };
  await once(folder, JSON.stringify(wanted), async (fresh) => {
    writeFileSync(join(fresh, "package.json"), JSON.stringify(wanted, null, 2));
    await npm(["install"], fresh);
  });
  return folder;
}

/** Installs what `versions` need. Returns, per version, the `node` and the `entry` script to run; `node24` has SQLite. */
export async function install(cache, releases) {
  mkdirSync(cache, { recursive: true });
  const base = await pinned(cache);
  const node = (name) => join(base, "node_modules", name, "bin", "node");
  const programs = new Map();
  for (const { version, node: needed } of releases) {
    const name = `openclaw-${version}`;
    const folder = name in manifest.dependencies ? base : await onDemand(cache, version);
    programs.set(version, { node: node(needed), entry: join(folder, "node_modules", name, "openclaw.mjs") });
  }
  return { programs, node24: node("node-24") };
}
