// Generated states before real gateways: does the gateway start, is the CLI in, and does diagnose say the same?
//   node tests/real/generate.mjs --help
import { accessSync, appendFileSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Clawmend } from "./harness/clawmend.mjs";
import { install } from "./harness/install.mjs";
import { cleanUpAtExit } from "./harness/processes.mjs";
import { describe } from "./harness/releases.mjs";
import { Box, HotBox, makeBase } from "./states/box.mjs";
import { Inapplicable } from "./states/catalogue.mjs";
import { plan, SWEEP_RELEASES } from "./states/plan.mjs";

const PROJECT = new URL("../../", import.meta.url).pathname;
const USAGE = `node tests/real/generate.mjs [options]

  --release VERSION   repeatable (default: ${SWEEP_RELEASES.join(", ")})
  --count N           states in all, an even sample over releases and kinds (default: 600)
  --seed N            of the sample (default: 1); the same seed is the same states
  --singles           every trait alone on every base instead of a sample
  --only PATTERN      the states whose name matches PATTERN
  --out FILE          one JSON line per state; states that stand there are not judged again
  --clawmend PATH     the binary (default: target/release/clawmend); none: only the gateways' verdicts
  --cache DIR         installed releases (default: $CLAWMEND_REAL_CACHE, else target/real)
  --jobs N            boxes at a time (default: 2)
  --list              the states, without running them`;

function options() {
  const { values } = parseArgs({
    options: {
      release: { type: "string", multiple: true },
      count: { type: "string", default: "600" },
      seed: { type: "string", default: "1" },
      singles: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      out: { type: "string" },
      clawmend: { type: "string", default: join(PROJECT, "target/release/clawmend") },
      cache: { type: "string", default: process.env.CLAWMEND_REAL_CACHE || join(PROJECT, "target/real") },
      jobs: { type: "string", default: "2" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return values;
}

/** Diagnose looks first: being asked, a gateway may approve and rewrite the state. */
async function compare(clawmend, openclaw, verdictOf) {
  const diagnosis = clawmend && (await clawmend.diagnoseJson(openclaw));
  const verdict = await verdictOf();
  return { agrees: diagnosis === undefined ? undefined : verdict.in === (diagnosis.exit === 0), ...verdict, clawmend: diagnosis };
}

async function judgeCold(lab, bases, clawmend, state) {
  const box = await Box.open(lab, await bases(state.release, state.base));
  try {
    await box.make(state.changes);
    return await compare(clawmend, box.openclaw, () => box.verdict());
  } finally {
    await box.close();
  }
}

async function judgeHot(hotBox, clawmend, state) {
  await hotBox.make(state.changes);
  return compare(clawmend, hotBox.box.openclaw, () => hotBox.box.ask());
}

/** Work in the order in which it starts: the hot states of a release follow one another on one gateway. */
function units(states) {
  const groups = {};
  for (const state of states.filter((each) => each.hot)) (groups[state.release] ??= []).push(state);
  return [...Object.values(groups), ...states.filter((each) => !each.hot).map((each) => [each])];
}

function line(row) {
  const word = row.problem ? "FAIL" : row.inapplicable ? "n/a " : row.agrees === false ? "DIFF" : "ok  ";
  const verdict = row.in ? "in" : row.starts ? "refused" : "no start";
  const said = row.problem ?? row.inapplicable ?? `${verdict}; clawmend ${row.clawmend?.exit ?? "–"} ${row.clawmend?.blocks ?? ""}; ${row.says ?? ""}`;
  return `${word} ${row.release}: ${row.state} (${row.seconds} s) ${said}`;
}

async function main() {
  const asked = options();
  if (asked.help) return console.log(USAGE);
  const states = plan({
    releases: asked.release ?? SWEEP_RELEASES,
    count: Number(asked.count),
    seed: Number(asked.seed),
    singles: asked.singles,
  }).filter(({ name }) => new RegExp(asked.only).test(name));
  if (asked.list) return states.forEach(({ release, name }) => console.log(`${release}  ${name}`));
  if (asked.clawmend !== "none") accessSync(asked.clawmend, constants.X_OK);

  const scratch = mkdtempSync(join(tmpdir(), "clawmend-states-"));
  cleanUpAtExit(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));
  const lab = { scratch, ...(await install(resolve(asked.cache), [...new Set(states.map(({ release }) => release))].map(describe))) };
  const clawmend = asked.clawmend === "none" ? undefined : new Clawmend(resolve(asked.clawmend));

  const made = new Map();
  const bases = (release, base) => {
    const key = `${release} ${base}`;
    if (!made.has(key)) made.set(key, makeBase(lab, describe(release), base));
    return made.get(key);
  };

  const stands = asked.out && existsSync(asked.out) ? readFileSync(asked.out, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line)) : [];
  const done = new Set(stands.map(({ release, state }) => `${release} ${state}`));
  const rows = [...stands];
  const record = (state, start, found) => {
    const row = { release: state.release, state: state.name, ...found, seconds: Math.round((performance.now() - start) / 100) / 10 };
    rows.push(row);
    if (asked.out) appendFileSync(asked.out, `${JSON.stringify(row)}\n`);
    console.error(line(row));
  };
  const attempt = (judging) => judging.catch((error) => (error instanceof Inapplicable ? { inapplicable: error.message } : { problem: error.stack }));
  const waiting = units(states.filter(({ release, name }) => !done.has(`${release} ${name}`)));
  const work = async () => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
      let start = performance.now();
      if (!unit[0].hot) {
        record(unit[0], start, await attempt(judgeCold(lab, bases, clawmend, unit[0])));
        continue;
      }
      let hotBox;
      for (const state of unit) {
        start = performance.now();
        const judging = async () => {
          hotBox ??= await HotBox.open(lab, await bases(state.release, state.base));
          return judgeHot(hotBox, clawmend, state);
        };
        const found = await attempt(judging());
        record(state, start, found);
        if (found.problem !== undefined) {
          await hotBox?.close();
          hotBox = undefined;
        }
      }
      await hotBox?.close();
    }
  };
  await Promise.all(Array.from({ length: Number(asked.jobs) }, work));

  const perRelease = new Map();
  for (const row of rows) {
    if (row.inapplicable) continue;
    const sum = perRelease.get(row.release) ?? { release: row.release, states: 0, agreed: 0, healthyButRefused: 0, blocksButIn: 0, broken: 0 };
    sum.states += 1;
    if (row.problem) sum.broken += 1;
    else if (row.agrees !== false) sum.agreed += 1;
    else if (row.in) sum.blocksButIn += 1;
    else sum.healthyButRefused += 1;
    perRelease.set(row.release, sum);
  }
  console.table([...perRelease.values()]);
  const failed = rows.filter((row) => row.problem !== undefined || row.agrees === false).length;
  const passed = rows.filter((row) => !row.inapplicable).length - failed;
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

main().then(
  () => process.exit(),
  (error) => {
    console.error(error.stack);
    process.exit(2);
  },
);
