// The cache of installed releases: pinned versions from npm, scripts never run, reused by every later run.
//
// Node comes first, as npm runs under it: a release's native parts are optional packages, and npm leaves those out
// when the Node that runs it is too old for them.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./processes.mjs";

const INSTALL_TIMEOUT_MS = 10 * 60_000;
const PINNED = new URL("../", import.meta.url).pathname;
const PINNED_RELEASES = JSON.parse(readFileSync(join(PINNED, "releases", "package.json"), "utf8"));
/** What a release's own install script would bring, where it does not run without it. */
const BESIDE = {
  "2026.4.5": { "@buape/carbon": "0.14.0", "@larksuiteoapi/node-sdk": "1.60.0", "@slack/web-api": "7.15.0", grammy: "1.41.1" },
};

const nodeFolder = (cache, name) => join(cache, "node", "node_modules", name, "bin");

async function npm(command, cwd, path) {
  const { code, stdout, stderr } = await run("npm", [command, "--ignore-scripts", "--no-audit", "--no-fund"], {
    env: { ...process.env, PATH: path },
    cwd,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (code !== 0) throw new Error(`npm ${command} failed (${code}) in ${cwd}\n${stdout}${stderr}`);
}

/** Fills `folder` once; what an interrupted run left half done, or another lock asked for, is made anew. */
async function once(folder, stamp, fill) {
  const stampFile = join(folder, "installed.txt");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  const fresh = `${folder}.new`;
  rmSync(folder, { recursive: true, force: true });
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await fill(fresh);
  writeFileSync(join(fresh, "installed.txt"), stamp);
  renameSync(fresh, folder);
}

async function pinned(cache, name, path) {
  const folder = join(cache, name);
  const source = join(PINNED, name);
  const lock = readFileSync(join(source, "package-lock.json"), "utf8");
  await once(folder, lock, async (fresh) => {
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(source, file), join(fresh, file));
    await npm("ci", fresh, path);
  });
  return folder;
}

async function onDemand(cache, version, path) {
  const folder = join(cache, `openclaw-${version}`);
  const wanted = {
    private: true,
    dependencies: { [`openclaw-${version}`]: `npm:openclaw@${version}`, ...BESIDE[version] },
    overrides: PINNED_RELEASES.overrides,
  };
  await once(folder, JSON.stringify(wanted), async (fresh) => {
    writeFileSync(join(fresh, "package.json"), JSON.stringify(wanted, null, 2));
    await npm("install", fresh, path);
  });
  return folder;
}

/** Installs what `releases` need. Returns, per version, the `node` and the `entry` to run; `node24` has SQLite. */
export async function install(cache, releases) {
  mkdirSync(cache, { recursive: true });
  await pinned(cache, "node", process.env.PATH);
  const path = `${nodeFolder(cache, "node-24")}:${process.env.PATH}`;
  const base = await pinned(cache, "releases", path);
  const programs = new Map();
  for (const { version, node } of releases) {
    const name = `openclaw-${version}`;
    const folder = name in PINNED_RELEASES.dependencies ? base : await onDemand(cache, version, path);
    const entry = join(folder, "node_modules", name, "openclaw.mjs");
    programs.set(version, { node: join(nodeFolder(cache, node), "node"), entry });
  }
  return { programs, node24: join(nodeFolder(cache, "node-24"), "node") };
}
