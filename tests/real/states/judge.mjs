// Judges generated states: does the gateway start, is the CLI in, and does diagnose say the same?
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "../harness/releases.mjs";
import { baseOf, Box, HotBox } from "./box.mjs";
import { Inapplicable } from "./catalogue.mjs";

/** After so many failures of a release's hot gateway the rest of its hot states is given up. */
const HOT_ATTEMPTS = 2;

/**
 * Diagnose has three answers: healthy, refused, and "cannot be told" (exit 1 with nothing that blocks), which neither agrees nor
 * disagrees.
 */
function compared(verdict, diagnosis) {
  const untold = diagnosis.exit === 1 && diagnosis.blocks.length === 0;
  return { ...verdict, ...(untold ? { untold, agrees: undefined } : { untold: undefined, agrees: verdict.in === (diagnosis.exit === 0) }), clawmend: diagnosis };
}

/** Diagnose looks first: being asked, a gateway may approve and rewrite the state. */
async function compare(clawmend, openclaw, verdictOf) {
  const diagnosis = clawmend && (await clawmend.diagnoseJson(openclaw));
  const verdict = await verdictOf();
  return diagnosis === undefined ? verdict : compared(verdict, diagnosis);
}

/** The name under which a state is kept. */
const keptAs = (folder, release, name) => join(folder, `${release}-${createHash("sha256").update(name).digest("hex").slice(0, 16)}`);

/** Rows of which the state was kept, with what diagnose says now: the gateway's verdict stands. */
export async function diagnoseAgain(rows, { clawmend, keep, say }) {
  const again = [];
  for (const row of rows) {
    const home = keptAs(keep, row.release, row.state);
    if (row.in === undefined || !existsSync(`${home}.json`)) continue;
    const env = JSON.parse(readFileSync(`${home}.json`, "utf8"));
    again.push(compared(row, await clawmend.diagnoseJson({ env, home })));
    if (again.at(-1).agrees !== row.agrees || again.at(-1).agrees === false) say(line(again.at(-1)));
  }
  return again;
}

/**
 * Of a state that is refused and that diagnose blames: does a repair open it, and a restore close it again? `verdictOf`
 * asks anew, `quiet` brings the gateway to rest before clawmend writes.
 */
async function repairFound(clawmend, openclaw, found, { verdictOf, quiet }) {
  if (clawmend === undefined || found.in || found.agrees !== true) return found;
  await quiet();
  // What was only refused once (a new token is issued then, say) is no lockout that a restore could bring back.
  if ((await verdictOf()).in) return { ...found, passes: true };
  await quiet();
  const repair = await clawmend.repair(openclaw, []);
  if (repair.code !== 0) return { ...found, repairExit: repair.code };
  const opened = await verdictOf();
  await quiet();
  const restore = await clawmend.restore(openclaw);
  const closed = restore.code === 0 && !(await verdictOf()).in;
  return { ...found, repairExit: 0, opened: opened.in, stillSays: opened.in ? undefined : opened.says, closedAgain: closed };
}

async function judgeCold(lab, bases, { clawmend, repairs, keep }, state) {
  const box = await Box.open(lab, await bases(state.release, state.base));
  const verdictOf = () => box.verdict();
  const quiet = () => box.openclaw.stop();
  try {
    const isLate = (change) => change.underRunning === true;
    await box.make(state.changes.filter((change) => !isLate(change)));
    const late = state.changes.filter(isLate);
    if (late.length > 0) await box.changeUnderRunning(late);
    if (keep && late.length === 0) box.keepAs(keptAs(keep, state.release, state.name));
    const found = await compare(clawmend, box.openclaw, verdictOf);
    // A repair of these begins with a restart, which makes another state of them.
    return repairs && late.length === 0 ? await repairFound(clawmend, box.openclaw, found, { verdictOf, quiet }) : found;
  } finally {
    await box.close();
  }
}

async function judgeHot(hotBox, { clawmend, repairs }, state) {
  await hotBox.make(state.changes);
  const verdictOf = () => hotBox.box.ask();
  const found = await compare(clawmend, hotBox.box.openclaw, verdictOf);
  return repairs ? repairFound(clawmend, hotBox.box.openclaw, found, { verdictOf, quiet: async () => {} }) : found;
}

/**
 * Work in the order in which it starts, release by release, so that a run that is stopped has judged whole releases. The
 * hot states of a release follow one another on one gateway.
 */
function units(states) {
  const releases = [...new Set(states.map(({ release }) => release))];
  return releases.flatMap((wanted) => {
    const own = states.filter(({ release }) => release === wanted);
    const hot = own.filter((each) => each.hot);
    return [...(hot.length > 0 ? [hot] : []), ...own.filter((each) => !each.hot).map((each) => [each])];
  });
}

function line(row) {
  const word = row.problem ? "FAIL" : row.inapplicable ? "n/a " : row.agrees === false ? "DIFF" : row.untold ? "?   " : row.opened === false || row.closedAgain === false ? "SHUT" : "ok  ";
  const verdict = row.in ? "in" : row.starts ? "refused" : "no start";
  const said = row.problem ?? row.inapplicable ?? `${verdict}; clawmend ${row.clawmend?.exit ?? "–"} ${row.clawmend?.blocks ?? ""}; ${row.says ?? ""}`;
  return `${word} ${row.release}: ${row.state} (${row.seconds} s) ${said}`;
}

/** The rows of an earlier run. */
export const rowsOf = (out) => (out && existsSync(out) ? readFileSync(out, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line)) : []);

/** Judges `states`, `jobs` boxes at a time. `out`: one JSON line per state; those that stand there are not judged again. */
export async function judgeStates(states, { lab, clawmend, repairs = false, keep, jobs, out, say }) {
  const judging = { clawmend, repairs, keep };
  const made = new Map();
  const bases = (release, base) => {
    const key = `${release} ${base}`;
    if (!made.has(key)) {
      const making = baseOf(lab, describe(release), base);
      made.set(key, making);
      making.catch(() => made.delete(key)); // a busy machine may have been too slow: the next state tries again
    }
    return made.get(key);
  };

  const stands = rowsOf(out);
  const done = new Set(stands.map(({ release, state }) => `${release} ${state}`));
  const rows = [...stands];
  const record = (state, start, found) => {
    const row = { release: state.release, state: state.name, hot: state.hot, ...found, seconds: Math.round((performance.now() - start) / 100) / 10 };
    rows.push(row);
    if (out) appendFileSync(out, `${JSON.stringify(row)}\n`);
    say(line(row));
  };
  // What a trait has broken already, another trait cannot read and change.
  const isInapplicable = (error) => error instanceof Inapplicable || error instanceof SyntaxError;
  const attempt = (judged) => judged.catch((error) => (isInapplicable(error) ? { inapplicable: error.message } : { problem: error.stack }));
  const waiting = units(states.filter(({ release, name }) => !done.has(`${release} ${name}`)));
  const work = async () => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
      let start = performance.now();
      if (!unit[0].hot) {
        record(unit[0], start, await attempt(judgeCold(lab, bases, judging, unit[0])));
        continue;
      }
      let hotBox;
      let failed = 0;
      for (const state of unit) {
        start = performance.now();
        if (hotBox === undefined && failed >= HOT_ATTEMPTS) {
          record(state, start, { problem: "not judged: no gateway came up for it, see above" });
          continue;
        }
        const judgeOne = async () => {
          hotBox ??= await HotBox.open(lab, await bases(state.release, state.base));
          return judgeHot(hotBox, judging, state);
        };
        const found = await attempt(judgeOne());
        record(state, start, found);
        if (found.problem !== undefined) {
          failed += 1;
          await hotBox?.close();
          hotBox = undefined;
        }
      }
      await hotBox?.close();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));

  return rows;
}

/** What the rows come to: per release the states, those with a gateway of their own, and in how many diagnose and the gateway said the same. */
export function agreementOf(rows) {
  const perRelease = new Map();
  for (const row of rows) {
    if (row.inapplicable) continue;
    const sum = perRelease.get(row.release) ?? { release: row.release, states: 0, cold: 0, agreed: 0, cannotTell: 0, healthyButRefused: 0, blocksButIn: 0, broken: 0, openable: 0, opened: 0, closedAgain: 0 };
    sum.states += 1;
    if (row.hot === false) sum.cold += 1;
    if (row.problem) sum.broken += 1;
    else if (row.untold) sum.cannotTell += 1;
    else if (row.agrees !== false) sum.agreed += 1;
    else if (row.in) sum.blocksButIn += 1;
    else sum.healthyButRefused += 1;
    if (row.repairExit === 0) sum.openable += 1;
    if (row.opened) sum.opened += 1;
    if (row.closedAgain) sum.closedAgain += 1;
    perRelease.set(row.release, sum);
  }
  const counted = rows.filter((row) => row.inapplicable === undefined);
  const failed = counted.filter((row) => row.problem !== undefined || row.agrees === false || row.opened === false || row.closedAgain === false).length;
  return { releases: [...perRelease.values()], passed: counted.length - failed, failed };
}
