// The command line of the judge.
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { DEFAULT_RELEASES } from "./releases.mjs";

const PROJECT = new URL("../../../", import.meta.url).pathname;

const GATE_STATES = 60;

export const USAGE = `node tests/real/run.mjs [options]

  --release VERSION   an OpenClaw release; repeatable (default: ${DEFAULT_RELEASES.join(", ")} and the upgrade)
  --only NAME         the cases whose name holds NAME
  --upgrade           the upgrade path alone
  --agreement         the gateway's verdict against diagnose, on many pairing states
  --states N          generated states after the cases (default: 60 in the default run, else none); --seed N: which
  --clawmend PATH     the binary (default: target/release/clawmend); none: only check that each lockout is one
  --cache DIR         installed releases (default: $CLAWMEND_REAL_CACHE, else target/real)
  --jobs N            gateways at a time (default: 2)
  --sample N          N of the cases, evenly over the releases
  --seed S            which ones (default: another sample each time)
  --list              the cases, without running them`;

export function parseArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      release: { type: "string", multiple: true },
      only: { type: "string" },
      upgrade: { type: "boolean", default: false },
      agreement: { type: "boolean", default: false },
      clawmend: { type: "string", default: join(PROJECT, "target/release/clawmend") },
      cache: { type: "string", default: process.env.CLAWMEND_REAL_CACHE || join(PROJECT, "target/real") },
      states: { type: "string" },
      jobs: { type: "string", default: "2" },
      sample: { type: "string" },
      seed: { type: "string", default: String(Date.now()) },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs wants a number of 1 or more, not ${values.jobs}`);
  const sample = values.sample === undefined ? undefined : Number(values.sample);
  if (sample !== undefined && !(Number.isInteger(sample) && sample > 0)) throw new Error("--sample wants a number of 1 or more");
  if (!/^\d+$/.test(values.seed)) throw new Error("--seed wants a number");
  const whole = values.release === undefined && values.only === undefined && !values.upgrade && !values.agreement;
  return {
    ...values,
    sample,
    jobs,
    states: Number(values.states ?? (whole ? GATE_STATES : 0)),
    seed: Number(values.seed),
    cache: resolve(values.cache),
    clawmend: values.clawmend === "none" ? undefined : resolve(values.clawmend),
    releases: values.release,
  };
}
