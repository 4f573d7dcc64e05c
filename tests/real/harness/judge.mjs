// The story of a case: locked out, repaired, in, restored, locked out again. Each step is checked; the first that does
// not hold ends the case. Without a clawmend (`--clawmend none`) only the lockout itself is judged.

const NOT_ASKED = "–";
/** A verdict holds one word per column, and what went wrong, if anything did. */
const verdict = (before = NOT_ASKED, after = NOT_ASKED, again = NOT_ASKED, problem = undefined) => ({
  before,
  after,
  again,
  problem,
});

class Unmet extends Error {}

function demand(holds, message) {
  if (!holds) throw new Unmet(message);
}

const describe = (refusal) => `${refusal.question} (exit ${refusal.code}): ${refusal.words}`;

/** Asks the CLI of a running gateway. */
export const askCli = async (openclaw) => {
  const refusal = await openclaw.firstRefusal();
  return refusal === undefined ? { in: true } : { in: false, words: describe(refusal) };
};

/** The same by a process of the CLI that stays, for a sweep of many cases. */
export const askWorker = async (openclaw) => {
  const refusal = (await openclaw.answers()).find(({ passed }) => !passed);
  return refusal === undefined ? { in: true } : { in: false, words: describe(refusal) };
};

/** Starts the gateway; if it serves, asks the CLI. A gateway that does not start has turned everyone away. */
export const startAndAsk = async (openclaw) => {
  const outcome = await openclaw.tryStart();
  return outcome === "up" ? askCli(openclaw) : { in: false, words: outcome };
};

async function diagnosed(clawmend, openclaw, expected, when) {
  const { code, words } = await clawmend.diagnose(openclaw);
  demand(code === expected, `diagnose ${when} exits ${code}, not ${expected}:\n${words}`);
}

/**
 * Judges a state that has been made already. `ask` finds out whether the CLI is in; `quiet` brings the gateway to rest
 * before clawmend writes (it does nothing where the gateway is to go on running); `repaired` looks at what was written;
 * `restores` is false where the old state has no meaning any more; `diagnosable` is false where what is refused is not
 * this machine's CLI, so that diagnose need not see it; `repairArgs` are what only the operator can name.
 */
export async function judge(openclaw, clawmend, steps) {
  const { ask, quiet = async () => {}, repaired = () => {}, restores = true, diagnosable = true, repairArgs = [] } = steps;
  const columns = verdict();
  try {
    const locked = await ask(openclaw);
    columns.before = locked.in ? "NOT REFUSED" : "refused";
    demand(!locked.in, "this is no lockout: the CLI is in");
    columns.words = locked.words;
    if (clawmend === undefined) return columns;

    await quiet(openclaw);
    if (diagnosable) await diagnosed(clawmend, openclaw, 1, "before the repair");
    const repair = await clawmend.repair(openclaw, repairArgs);
    demand(repair.code === 0, `repair exits ${repair.code}:\n${repair.words}`);
    const complaint = repaired();
    demand(complaint === undefined, complaint);
    await diagnosed(clawmend, openclaw, 0, "after the repair");

    const opened = await ask(openclaw);
    columns.after = opened.in ? "in" : "REFUSED";
    demand(opened.in, `still locked out after the repair: ${opened.words}\n${repair.words}`);

    if (!restores) return columns;
    await quiet(openclaw);
    const restore = await clawmend.restore(openclaw);
    demand(restore.code === 0, `restore exits ${restore.code}:\n${restore.words}`);
    const relocked = await ask(openclaw);
    columns.again = relocked.in ? "NOT LOCKED" : "refused";
    demand(!relocked.in, `the lockout is not back after the restore:\n${restore.words}`);
  } catch (error) {
    columns.problem = error instanceof Unmet ? error.message : error.stack;
  }
  return columns;
}

/** A case that could not even be set up. */
export const broken = (error) => verdict(undefined, undefined, undefined, error.stack);
