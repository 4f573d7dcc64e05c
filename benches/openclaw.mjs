// `clawmend diagnose` against a real `openclaw devices list` on the same healthy state, its gateway
// running; whole processes, alternating, medians.
//   node benches/openclaw.mjs [--release 2026.5.28] [--runs 9] [--cache DIR] [--clawmend PATH]
import { mkdtempSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Bench } from "../tests/real/harness/bench.mjs";
import { install } from "../tests/real/harness/install.mjs";
import { cleanUpAtExit } from "../tests/real/harness/processes.mjs";
import { describe } from "../tests/real/harness/releases.mjs";

const { values } = parseArgs({
  options: {
    release: { type: "string", default: "2026.5.28" },
    runs: { type: "string", default: "9" },
    cache: { type: "string", default: join(tmpdir(), "clawmend-judge-cache") },
    clawmend: { type: "string", default: join(import.meta.dirname, "../target/release/clawmend") },
  },
});

/** Python starts a process in less time than Node does, and times the lines of whole.py too. */
const TIMER = `
import json, os, statistics, sys, time
sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
from whole import run
runs, sides = int(sys.argv[2]), json.loads(sys.argv[3])
times = [[] for _ in sides]
for _ in range(runs):
    for side, argv in zip(times, sides):
        side.append(run(argv)[0] * 1000)
print(json.dumps([statistics.median(side) for side in times]))
`;

const scratch = mkdtempSync(join(tmpdir(), "clawmend-bench-"));
cleanUpAtExit(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));
const release = describe(values.release);
const bench = await Bench.open({ scratch, ...(await install(values.cache, [release])) }, release);
await bench.settle();
const { program, env } = bench.openclaw;
const sides = [[values.clawmend, "diagnose"], [program.node, program.entry, "devices", "list"]];
for (const [file, ...args] of sides) {
  const { status } = spawnSync(file, args, { env, stdio: "ignore" });
  if (status !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${status}`);
}
const timer = ["-c", TIMER, import.meta.dirname, values.runs, JSON.stringify(sides)];
const timed = spawnSync("python3", timer, { env, encoding: "utf8" });
if (timed.status !== 0) throw new Error(timed.stderr);
await bench.close();
const [a, b] = JSON.parse(timed.stdout);
const ratio = b / a;
console.log(
  `| diagnose, against \`openclaw devices list\` of ${values.release} | ${a.toFixed(1)} ms | ${b.toFixed(0)} ms | ` +
    `${ratio.toFixed(0)} times faster | at least 300 times | ${ratio >= 300 ? "yes" : "NO"} |`,
);
process.exit();
