// Config lockouts: the gateway refuses to start. After the repair it starts, the CLI is in, and every comment is where
// it was. In "pairing and config at once" a start that succeeds would still leave the CLI locked out.
import { readFileSync } from "node:fs";
import { Bench, grant } from "../harness/bench.mjs";
import { askCli, judge, startAndAsk } from "../harness/judge.mjs";
import { relayTo, upgradeStatus } from "../harness/relay.mjs";

const ANNOTATIONS = { mode: "where it runs", bind: "who may reach it", trustedProxies: "in front of it" };

/** A config as people keep it: comments, unquoted keys, single quotes, a trailing comma. */
function annotated({ gateway }) {
  const lines = Object.entries(gateway).flatMap(([key, value]) => {
    const text = typeof value === "string" ? `'${value}'` : JSON.stringify(value);
    const why = key in ANNOTATIONS ? ` // ${ANNOTATIONS[key]}` : "";
    return [`    /* ${key} */`, `    ${key}: ${text},${why}`];
  });
  return ["// kept by hand", "{", "  gateway: {", ...lines, "  }, // the end of it", "}", ""].join("\n");
}

/** A proxy that the gateway does not know is turned away at the door, whatever its client may show. */
async function askThroughProxy(openclaw) {
  const answer = await startAndAsk(openclaw);
  if (!answer.in) return answer;
  const relay = await relayTo(openclaw.port);
  try {
    const status = await upgradeStatus(relay.port);
    return status === 101 ? answer : { in: false, words: `HTTP ${status} through the proxy` };
  } finally {
    relay.close();
  }
}

/** `touches`: the keys whose lines the repair may change; every other line stays as it was. */
const FAULTS = [
  { name: "bind is local", touches: ["bind"], spoil: (gateway) => ({ ...gateway, bind: "local" }) },
  {
    name: "bind is 127.0.0.1",
    applies: (release) => !release.migratesBindHosts,
    touches: ["bind"],
    spoil: (gateway) => ({ ...gateway, bind: "127.0.0.1" }),
  },
  { name: "no mode", touches: ["mode"], spoil: ({ mode, ...rest }) => rest },
  { name: "mode is remote", touches: ["mode"], spoil: (gateway) => ({ ...gateway, mode: "remote" }) },
  {
    name: "mode is remote, with the proxy's address",
    touches: ["mode", "remote"],
    spoil: (gateway) => ({ ...gateway, mode: "remote", remote: { url: "https://claw.example.com" } }),
  },
  {
    name: "trustedProxies is a string",
    touches: ["trustedProxies"],
    spoil: (gateway) => ({ ...gateway, trustedProxies: "127.0.0.1" }),
  },
  {
    name: "a proxy that is not trusted",
    // Before the database generation such a client is let in as a remote one: "pending after a proxy" in pairing.mjs.
    applies: (release) => release.sqlite,
    touches: ["trustedProxies"],
    spoil: (gateway) => gateway,
    ask: askThroughProxy,
    diagnosable: false,
    repairArgs: ["--trust-proxy", "127.0.0.1"],
  },
];
const BOTH = "pairing and config at once";

const applying = (release) => FAULTS.filter(({ applies = () => true }) => applies(release));

/** A `//` inside an address follows a colon and is none. */
const comments = (text) => text.match(/(?<=^|\s)\/\/.*|\/\*.*?\*\//gm);

/** What clawmend changed beyond the lines of the touched keys, or undefined. */
function stray(before, after, touches) {
  const keyLine = new RegExp(`^\\s*["']?(${touches.join("|")})["']?\\s*:`);
  const others = (text) => text.split("\n").filter((line) => !keyLine.test(line)).join("\n");
  if (others(before) !== others(after)) return `more than ${touches.join(", ")} changed in the config:\n${after}`;
  if (comments(before).join("\n") !== comments(after).join("\n")) return `a comment was lost or moved:\n${after}`;
  return undefined;
}

async function judgeFault({ openclaw }, clawmend, { spoil, touches, ask = startAndAsk, diagnosable, repairArgs }) {
  const before = annotated({ gateway: spoil(openclaw.healthyConfig().gateway) });
  openclaw.writeConfig(before);
  return judge(openclaw, clawmend, {
    ask,
    diagnosable,
    repairArgs,
    quiet: () => openclaw.stop(),
    repaired: () => stray(before, readFileSync(openclaw.configFile, "utf8"), touches),
  });
}

/** Where a narrowed device is widened silently there is no pairing half. */
const hasBoth = (release) => !release.upgradesSilently;

export const configNames = (release) => [
  ...applying(release).map(({ name }) => name),
  ...(hasBoth(release) ? [BOTH] : []),
];

export async function config({ lab, clawmend, release, wants, report }) {
  const bench = await Bench.open(lab, release);
  const { openclaw } = bench;
  try {
    await bench.settle();
    await openclaw.stop();
    for (const fault of applying(release)) {
      if (!wants(fault.name)) continue;
      await report(fault.name, async () => {
        await openclaw.stop();
        await bench.reset();
        return judgeFault(bench, clawmend, fault);
      });
    }
    if (!hasBoth(release) || !wants(BOTH)) return;
    await report(BOTH, async () => {
      await openclaw.stop();
      await bench.reset();
      await openclaw.start();
      await bench.edit((model) => grant(model, ["operator.read"]));
      if ((await askCli(openclaw)).in) throw new Error("the pairing half is no lockout");
      await openclaw.stop();
      return judgeFault(bench, clawmend, FAULTS[0]);
    });
  } finally {
    await bench.close();
  }
}
