// Generated states before real gateways: does the gateway start, is the CLI in, and does diagnose say the same?
//   node tests/real/generate.mjs --help
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Clawmend } from "./harness/clawmend.mjs";
import { install } from "./harness/install.mjs";
import { cleanUpAtExit } from "./harness/processes.mjs";
import { describe } from "./harness/releases.mjs";
import { agreementOf, diagnoseAgain, judgeStates, rowsOf } from "./states/judge.mjs";
import { HOT_SHARE, plan, SWEEP_RELEASES } from "./states/plan.mjs";

const PROJECT = new URL("../../", import.meta.url).pathname;
const USAGE = `node tests/real/generate.mjs [options]

  --release VERSION   repeatable (default: ${SWEEP_RELEASES.join(", ")})
  --count N           states in all, an even sample over releases and kinds (default: 600)
  --hot SHARE         how many of them are of the pairing store alone, which cost a second each (default: ${HOT_SHARE})
  --seed N            of the sample (default: 1); the same seed is the same states
  --singles           every trait alone on every base instead of a sample
  --only PATTERN      the states whose name matches PATTERN
  --repair            what is refused and blamed is repaired, asked, restored and asked again
  --out FILE          one JSON line per state; states that stand there are not judged again
  --keep DIR          keeps each state that has a gateway of its own, as diagnose saw it
  --again             no gateway: what diagnose says now of the states in --keep, against the verdicts in --out
  --clawmend PATH     the binary (default: target/release/clawmend); none: only the gateways' verdicts
  --cache DIR         installed releases (default: $CLAWMEND_REAL_CACHE, else target/real)
  --templates DIR     the healthy bases, kept for later runs (default: made anew in each run)
  --jobs N            boxes at a time (default: 2)
  --list              the states, without running them`;

function options() {
  const { values } = parseArgs({
    options: {
      release: { type: "string", multiple: true },
      count: { type: "string", default: "600" },
      seed: { type: "string", default: "1" },
      hot: { type: "string", default: String(HOT_SHARE) },
      singles: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      repair: { type: "boolean", default: false },
      out: { type: "string" },
      clawmend: { type: "string", default: join(PROJECT, "target/release/clawmend") },
      cache: { type: "string", default: process.env.CLAWMEND_REAL_CACHE || join(PROJECT, "target/real") },
      templates: { type: "string" },
      keep: { type: "string" },
      again: { type: "boolean", default: false },
      jobs: { type: "string", default: "2" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return values;
}

async function main() {
  const asked = options();
  if (asked.help) return console.log(USAGE);
  const states = plan({
    releases: asked.release ?? SWEEP_RELEASES,
    count: Number(asked.count),
    seed: Number(asked.seed),
    hotShare: Number(asked.hot),
    singles: asked.singles,
  }).filter(({ name }) => new RegExp(asked.only).test(name));
  if (asked.list) return states.forEach(({ release, name }) => console.log(`${release}  ${name}`));
  if (asked.clawmend !== "none") accessSync(asked.clawmend, constants.X_OK);
  const clawmend = asked.clawmend === "none" ? undefined : new Clawmend(resolve(asked.clawmend));
  const keep = asked.keep && resolve(asked.keep);
  if (asked.again) return tell(await diagnoseAgain(rowsOf(asked.out), { clawmend, keep, say: console.error }));

  const scratch = mkdtempSync(join(tmpdir(), "clawmend-states-"));
  cleanUpAtExit(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));
  const lab = { scratch, templates: asked.templates && resolve(asked.templates), ...(await install(resolve(asked.cache), [...new Set(states.map(({ release }) => release))].map(describe))) };

  tell(await judgeStates(states, { lab, clawmend, repairs: asked.repair, keep, jobs: Number(asked.jobs), out: asked.out, say: console.error }));
}

function tell(rows) {
  const { releases, passed, failed } = agreementOf(rows);
  console.table(releases);
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
