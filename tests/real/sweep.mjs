// Every stable release on npm: installed, locked out, repaired, asked, restored, and removed again.
//   node tests/real/sweep.mjs            goes on where the last run stopped, then writes docs/releases.md and README's line
//   node tests/real/sweep.mjs --table    writes them from what is known
// One JSON line per release in the cache folder; a release that stands there is not judged again (--again VERSION: is).
import { accessSync, appendFileSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { pairing } from "./cases/pairing.mjs";
import { NotPaired } from "./harness/bench.mjs";
import { Clawmend } from "./harness/clawmend.mjs";
import { install } from "./harness/install.mjs";
import { askWorker, broken } from "./harness/judge.mjs";
import { cleanUpAtExit, run } from "./harness/processes.mjs";
import { compareReleases, describe } from "./harness/releases.mjs";

const PROJECT = new URL("../../", import.meta.url).pathname;
const PAGE = join(PROJECT, "docs/releases.md");
const README = join(PROJECT, "README.md");
const STABLE = /^2026\.\d+\.\d+(-\d+)?$/;
/** The three of every release with files; those with the database have other ways to be locked out. */
const LOCKOUTS = ["fresh install", "narrowed to operator.read", "pending after a proxy", "cached token differs"];

async function stableReleases() {
  const { code, stdout, stderr } = await run("npm", ["view", "openclaw", "versions", "--json"], { env: process.env, timeoutMs: 60_000 });
  if (code !== 0) throw new Error(`npm does not list the releases: ${stderr}`);
  return JSON.parse(stdout).filter((version) => STABLE.test(version)).sort(compareReleases);
}

/** From the newest on, in steps that get smaller: a sweep that is broken off has seen all generations. */
function spread(sorted) {
  const newestFirst = [...sorted].reverse();
  const step = (index) => [8, 4, 2, 1].find((size) => index % size === 0);
  return newestFirst.map((version, index) => ({ version, size: step(index) })).sort((a, b) => b.size - a.size).map(({ version }) => version);
}

async function judgeRelease(version, { cache, clawmend, scratch }) {
  const release = describe(version);
  const onDemand = join(cache, `openclaw-${version}`);
  const stood = existsSync(onDemand);
  let installed;
  try {
    installed = await install(cache, [release]);
  } catch (error) {
    return { outcome: "not installed", why: error.message.split("\n").find((line) => /npm error|failed/.test(line)) ?? error.message.slice(0, 200) };
  }
  const cases = {};
  const report = async (name, judgeCase) => {
    cases[name] = await judgeCase().catch(broken);
  };
  try {
    await pairing({ lab: { scratch, ...installed }, clawmend, release, wants: (name) => LOCKOUTS.includes(name), report, ask: askWorker });
  } catch (error) {
    // Where the CLI shows a shared token alone (2026.2.22, 2026.3.13, from 2026.7.1 on), no pairing keeps it out.
    if (error instanceof NotPaired && error.admitted) return { outcome: "no lockout", why: "the CLI gets in with the shared token and shows no device" };
    return { outcome: "not judged", why: error.message.slice(0, 300) };
  } finally {
    if (!stood) rmSync(onDemand, { recursive: true, force: true });
  }
  const lockouts = Object.entries(cases).filter(([, { before }]) => before === "refused");
  const failed = lockouts.filter(([, { problem }]) => problem !== undefined);
  const opened = lockouts.length - failed.length;
  return { outcome: failed.length > 0 ? "failed" : lockouts.length > 0 ? "opened" : "no lockout", opened, of: lockouts.length, cases };
}

/** How many releases can be locked out, and on how many of these every lockout was opened. */
function counts(rows) {
  const judged = rows.filter(({ of }) => of > 0);
  return { opened: judged.filter(({ outcome }) => outcome === "opened").length, judged: judged.length };
}

function page(rows, clawmend) {
  const { opened, judged } = counts(rows);
  const cell = ({ cases = {} }, name) => {
    const verdict = cases[name];
    if (verdict === undefined) return "–";
    if (verdict.before !== "refused") return "no lockout";
    return verdict.problem === undefined ? "opened" : "FAILED";
  };
  const line = (row) => `| ${row.release} | ${LOCKOUTS.map((name) => cell(row, name)).join(" | ")} | ${(row.why ?? "").replaceAll("|", "/")} |`;
  return `# Releases

Made by \`node tests/real/sweep.mjs\` with ${clawmend}: each of these stable releases of OpenClaw was installed from npm,
locked out, repaired, asked and restored. A run takes the releases from the newest on in smaller and smaller steps, and goes on where
the last one stopped. "no lockout": on that release the CLI gets in all the same. "–": not possible there, or not judged.

${rows.length} releases tried. ${judged} of them could be locked out; clawmend opened ${opened} of these.

| release | ${LOCKOUTS.join(" | ")} | why not |
|---|${LOCKOUTS.map(() => "---|").join("")}---|
${rows.map(line).join("\n")}
`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      again: { type: "string", multiple: true, default: [] },
      table: { type: "boolean", default: false },
      clawmend: { type: "string", default: join(PROJECT, "target/release/clawmend") },
      cache: { type: "string", default: process.env.CLAWMEND_REAL_CACHE || join(PROJECT, "target/real") },
    },
  });
  accessSync(values.clawmend, constants.X_OK);
  const cache = resolve(values.cache);
  const known = join(cache, "sweep.jsonl");
  const scratch = mkdtempSync(join(tmpdir(), "clawmend-sweep-"));
  cleanUpAtExit(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));

  const rows = new Map();
  for (const text of existsSync(known) ? readFileSync(known, "utf8").split("\n").filter(Boolean) : []) {
    const row = JSON.parse(text);
    rows.set(row.release, row);
  }
  for (const version of values.again) rows.delete(version);
  const clawmend = new Clawmend(resolve(values.clawmend));
  if (!values.table) {
    for (const version of spread(await stableReleases())) {
      if (rows.has(version)) continue;
      const start = performance.now();
      const row = { release: version, ...(await judgeRelease(version, { cache, clawmend, scratch })), seconds: 0 };
      row.seconds = Math.round((performance.now() - start) / 1000);
      rows.set(version, row);
      appendFileSync(known, `${JSON.stringify(row)}\n`);
      console.error(`${version}: ${row.outcome} ${row.opened ?? ""}/${row.of ?? ""} (${row.seconds} s) ${row.why ?? ""}`);
    }
  }
  const sorted = [...rows.values()].sort((a, b) => compareReleases(a.release, b.release));
  const { stdout } = await run(values.clawmend, ["--version"], { env: process.env, timeoutMs: 10_000 });
  writeFileSync(PAGE, page(sorted, stdout.trim()));
  const { opened, judged } = counts(sorted);
  writeFileSync(README, readFileSync(README, "utf8").replace(/\d+ releases of OpenClaw could be locked out, and it opened \d+/, `${judged} releases of OpenClaw could be locked out, and it opened ${opened}`));
  const failed = sorted.filter(({ outcome }) => outcome === "failed").length;
  console.log(`${sorted.length - failed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}

main().catch((error) => {
  console.error(error.stack);
  process.exit(2);
});
