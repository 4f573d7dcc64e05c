// The judge: real OpenClaw gateways and command lines decide whether clawmend opens what it says it opens.
//   node tests/real/run.mjs --help
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArguments, USAGE } from "./harness/arguments.mjs";
import { Clawmend } from "./harness/clawmend.mjs";
import { install } from "./harness/install.mjs";
import { broken } from "./harness/judge.mjs";
import { cleanUpAtExit } from "./harness/processes.mjs";
import { closing, table } from "./harness/table.mjs";
import { agreementOf, judgeStates } from "./states/judge.mjs";
import { GATE_RELEASES, plan } from "./states/plan.mjs";
import { planTasks } from "./tasks.mjs";

const say = (text) => process.stderr.write(`${text}\n`);
const secondsSince = (start) => (performance.now() - start) / 1000;

/** Runs the tasks, `jobs` at a time: each has one gateway up at most. Resolves with the rows of their cases. */
async function judgeAll(tasks, { jobs, lab, clawmend }) {
  const waiting = [...tasks];
  const rows = [];
  const work = async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const release = task.release.version;
      const record = (lockout, start, verdict) => {
        const row = { release, lockout, seconds: secondsSince(start), ...verdict };
        rows.push(row);
        say(`${row.problem === undefined ? "ok  " : "FAIL"} ${release}: ${lockout} (${row.seconds.toFixed(0)} s) ${row.words ?? ""}`);
        if (row.problem !== undefined) say(row.problem.replace(/^/gm, "       "));
      };
      const report = async (lockout, judgeCase) => {
        const start = performance.now();
        record(lockout, start, await judgeCase().catch(broken));
      };
      const start = performance.now();
      const wants = (name) => task.names.includes(name);
      await task.run({ lab, clawmend, release: task.release, wants, report }).catch((error) => {
        record(`${task.name}: could not be set up`, start, broken(error));
      });
      say(`     ${release}: ${task.name} took ${secondsSince(start).toFixed(0)} s`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  const order = tasks.flatMap((task) => task.names.map((name) => `${task.release.version} ${name}`));
  const place = ({ release, lockout }) => order.indexOf(`${release} ${lockout}`);
  return rows.sort((a, b) => place(a) - place(b));
}

/** The tasks with `sample` of their cases: one of each so many in a row, which one is up to the seed. */
function sampled(tasks, { sample, seed }) {
  const count = tasks.reduce((sum, { names }) => sum + names.length, 0);
  if (sample === undefined || sample >= count) return tasks;
  say(`--sample ${sample} --seed ${seed} draws these of ${count} cases again`);
  let at = seed % count;
  const drawn = () => (at += 1, Math.floor((at * sample) / count) > Math.floor(((at - 1) * sample) / count));
  return tasks.map((task) => ({ ...task, names: task.names.filter(drawn) }));
}

async function main() {
  const options = parseArguments(process.argv.slice(2));
  if (options.help) return console.log(USAGE);
  const wants = (name) => options.only === undefined || name.includes(options.only);
  const planned = planTasks(options).map((task) => ({ ...task, names: task.names.filter(wants) }));
  const tasks = sampled(planned, options).filter((task) => task.names.length > 0);
  if (options.list) {
    for (const task of tasks) for (const name of task.names) console.log(`${task.release.version}  ${name}`);
    return;
  }
  if (tasks.length === 0) throw new Error(`no case of these releases is called like ${JSON.stringify(options.only)}`);
  if (options.clawmend !== undefined) accessSync(options.clawmend, constants.X_OK);

  const scratch = mkdtempSync(join(tmpdir(), "clawmend-judge-"));
  cleanUpAtExit(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));
  const start = performance.now();
  const installed = await install(options.cache, tasks.flatMap((task) => task.releases));
  say(`installed in ${secondsSince(start).toFixed(0)} s: ${options.cache}`);

  const clawmend = options.clawmend === undefined ? undefined : new Clawmend(options.clawmend);
  const lab = { scratch, ...installed };
  const rows = await judgeAll(tasks, { jobs: options.jobs, lab, clawmend });
  console.log(`\n${table(rows)}\n\n${closing(rows)} in ${secondsSince(start).toFixed(0)} s`);
  if (rows.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
  if (options.states > 0) await judgeSample(options, lab, clawmend);
}

/** The gate's even sample of generated states; `generate.mjs` judges the many. */
async function judgeSample({ states: count, seed, jobs }, lab, clawmend) {
  const start = performance.now();
  console.log(`\n${count} generated states, seed ${seed}`);
  const rows = await judgeStates(plan({ releases: GATE_RELEASES, count, seed }), { lab, clawmend, jobs, say });
  const { releases, passed, failed } = agreementOf(rows);
  console.table(releases);
  console.log(`states: ${passed} passed, ${failed} failed in ${secondsSince(start).toFixed(0)} s`);
  if (failed > 0) process.exitCode = 1;
}

main().then(
  () => process.exit(),
  (error) => {
    console.error(error.stack);
    process.exit(2);
  },
);
