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

/** Milliseconds of a process that must end well. */
function timed(program, args, env) {
  const start = performance.now();
  const { status, error } = spawnSync(program, args, { env, stdio: "ignore" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}`);
  return performance.now() - start;
}

const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];

const scratch = mkdtempSync(join(tmpdir(), "clawmend-bench-"));
cleanUpAtExit(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));
const release = describe(values.release);
const bench = await Bench.open({ scratch, ...(await install(values.cache, [release])) }, release);
await bench.settle();
const { program, env } = bench.openclaw;
const [ours, theirs] = [[], []];
for (let run = 0; run < Number(values.runs); run++) {
  ours.push(timed(values.clawmend, ["diagnose"], env));
  theirs.push(timed(program.node, [program.entry, "devices", "list"], env));
}
await bench.close();
const [a, b] = [median(ours), median(theirs)];
const ratio = b / a;
console.log(
  `| diagnose, against \`openclaw devices list\` of ${values.release} | ${a.toFixed(1)} ms | ${b.toFixed(0)} ms | ` +
    `${ratio.toFixed(0)} times faster | at least 300 times | ${ratio >= 300 ? "yes" : "NO"} |`,
);
process.exit();
