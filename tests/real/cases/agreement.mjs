// Agreement: for many pairing states, what diagnose says about the files against what the gateway says to the CLI.
// Healthy must mean that the CLI is in, and locked that it is refused. Diagnose looks first: being asked, a gateway may
// approve silently and rewrite the state.
import { Bench } from "../harness/bench.mjs";
import { askCli } from "../harness/judge.mjs";
import { pairingStates } from "./agreement-states.mjs";

const MEANINGS = new Map([[0, true], [1, false]]);

export const agreementNames = () => pairingStates().map(({ name }) => name);

async function compare(bench, clawmend, change) {
  const { openclaw } = bench;
  await bench.reset();
  await bench.edit(change);
  const state = JSON.stringify(await bench.pairing.model(), null, 2);
  const diagnosis = await clawmend?.diagnose(openclaw);
  const answer = await askCli(openclaw);
  const row = { before: answer.in ? "in" : "refused", after: "–", again: "–", words: answer.words };
  if (diagnosis === undefined) return row;
  const healthy = MEANINGS.get(diagnosis.code);
  if (healthy === answer.in) return { ...row, after: "agrees" };
  const said = `diagnose exits ${diagnosis.code}, the CLI is ${row.before} (${answer.words ?? "all three"})`;
  return { ...row, after: "DISAGREES", problem: `${said}\n${diagnosis.words}\n${state}` };
}

export async function agreement({ lab, clawmend, release, wants, report }) {
  const bench = await Bench.open(lab, release);
  try {
    await bench.settle();
    for (const { name, change } of pairingStates()) {
      if (wants(name)) await report(name, () => compare(bench, clawmend, change));
    }
  } finally {
    await bench.close();
  }
}
