// A box: a copy of a healthy state in a home of its own, changed as a generated state says, and asked once. Nothing of it
// is reused, so one state can't spoil the next.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FULL_SCOPES, grant } from "../harness/bench.mjs";
import { OpenClaw, SHARED_TOKEN } from "../harness/openclaw.mjs";
import { PairingFiles } from "../harness/pairing-files.mjs";
import { PairingSqlite } from "../harness/pairing-sqlite.mjs";

const OWN_PAIRING_TIMEOUT_MS = 30_000;
/** So long a gateway that runs has to notice a changed config: 2026.5.28 and 2026.9.6 restart within some seconds. */
const NOTICE_MS = 30_000;

export const pairingOf = (openclaw, node24) =>
  openclaw.release.sqlite ? new PairingSqlite(openclaw.state, node24) : new PairingFiles(openclaw.state);

/** The bases from which states are made. `bare` differs from `token` where a gateway can run without a shared secret. */
export const BASES = ["token", "bare", "fresh"];

/**
 * A config as OpenClaw leaves it: with the release that wrote it last, except where nothing but a person has. Without
 * `lastTouchedAt`, an unknown key to 2026.7.2-beta.5.
 */
export const baseConfig = (base, port, { version }) => ({
  ...(base === "fresh" ? {} : { meta: { lastTouchedVersion: version } }),
  gateway: {
    mode: "local",
    bind: "loopback",
    port,
    ...(base === "token" ? { auth: { mode: "token", token: SHARED_TOKEN } } : {}),
  },
});

/**
 * A base that an earlier run made and kept in `lab.templates`, or a new one, which is kept there. Nothing in a base depends on where
 * its home is.
 */
export async function baseOf(lab, release, base) {
  const kept = lab.templates && join(lab.templates, `${release.version}-${base}`);
  if (kept && existsSync(kept)) return { base, home: kept, config: JSON.parse(readFileSync(join(kept, ".openclaw/openclaw.json"), "utf8")), release };
  const made = await makeBase(lab, release, base);
  if (!kept) return made;
  cpSync(join(made.home, ".openclaw"), join(`${kept}.new`, ".openclaw"), { recursive: true });
  renameSync(`${kept}.new`, kept);
  return { ...made, home: kept };
}

/** Makes a base once per release: a gateway has run, the CLI has been in, and its device (if any) holds the full set. */
async function makeBase(lab, release, base) {
  const home = mkdtempSync(join(lab.scratch, `base-${base}-${release.version}-`));
  const openclaw = await OpenClaw.at(home, release, lab.programs.get(release.version));
  openclaw.writeConfig(baseConfig(base, openclaw.port, release));
  if (base !== "fresh") {
    await openclaw.start();
    const pairing = pairingOf(openclaw, lab.node24);
    try {
      if (base === "bare" && release.sqlite) {
        const deadline = Date.now() + OWN_PAIRING_TIMEOUT_MS;
        while (Object.keys((await pairing.model()).cached).length === 0 && Date.now() < deadline) await sleep(500);
      }
      await openclaw.command(["devices", "list"]);
      const model = await pairing.model();
      if (model.paired[model.identity?.deviceId] !== undefined) {
        model.pending = {};
        grant(model, FULL_SCOPES);
        await pairing.write(model);
      }
    } finally {
      await openclaw.stop();
    }
  }
  const config = JSON.parse(readFileSync(openclaw.configFile, "utf8"));
  return { base, home, config, release };
}

export class Box {
  static async open(lab, healthy) {
    const home = mkdtempSync(join(lab.scratch, `box-`));
    const openclaw = await OpenClaw.at(home, healthy.release, lab.programs.get(healthy.release.version));
    cpSync(join(healthy.home, ".openclaw"), openclaw.state, { recursive: true, force: true });
    const config = structuredClone(healthy.config);
    config.gateway.port = openclaw.port;
    // A copy that a start puts back has the machine's port, as the config has.
    for (const name of readdirSync(openclaw.state).filter((each) => each.startsWith("openclaw.json."))) {
      const path = join(openclaw.state, name);
      const text = readFileSync(path, "utf8").replaceAll(String(healthy.config.gateway.port), String(openclaw.port));
      writeFileSync(path, text, { mode: 0o600 });
    }
    return new Box(openclaw, pairingOf(openclaw, lab.node24), config);
  }

  constructor(openclaw, pairing, config) {
    this.openclaw = openclaw;
    this.pairing = pairing;
    this.config = config;
    /** Variables that the service gives to the gateway alone. */
    this.serviceEnv = {};
  }

  get sqlite() {
    return this.openclaw.release.sqlite;
  }

  /** A file of the home, by its path below it. */
  put(name, text, mode = 0o600) {
    const path = join(this.openclaw.home, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode });
  }

  drop(name) {
    rmSync(join(this.openclaw.home, name), { recursive: true, force: true });
  }

  async edit(change) {
    const model = await this.pairing.model();
    change(model);
    await this.pairing.write(model);
  }

  /** Applies the state; the config is written last, as text where a change made it one. */
  async make(changes) {
    for (const change of changes) await change(this);
    if (this.config !== undefined) this.openclaw.writeConfig(this.config);
  }

  /** Keeps the state as it is now, and the environment in which it is looked at. */
  keepAs(folder) {
    cpSync(this.openclaw.home, folder, { recursive: true });
    writeFileSync(`${folder}.json`, JSON.stringify(this.openclaw.env).replaceAll(this.openclaw.home, folder));
  }

  /** Changes the config of a gateway that runs, and gives it time to notice. */
  async changeUnderRunning(changes) {
    const outcome = await this.openclaw.tryStart(this.serviceEnv);
    if (outcome !== "up") throw new Error(`no gateway to change the config of: ${outcome}`);
    await this.make(changes);
    await sleep(NOTICE_MS);
  }

  /** Starts the gateway and asks; one that runs is asked by a process of the CLI that has read no other config. */
  async verdict() {
    if (this.openclaw.running) return this.ask();
    // The command line loads while the gateway settles.
    const outcome = await this.openclaw.tryStart(this.serviceEnv, () => this.openclaw.loadAsker());
    return outcome === "up" ? this.ask() : { starts: false, in: false, says: outcome };
  }

  /** Asks the running gateway all questions, whatever each says. */
  async ask() {
    const answers = await this.openclaw.answers();
    const refused = answers.filter(({ passed }) => !passed);
    return {
      starts: true,
      in: refused.length === 0,
      ...Object.fromEntries(answers.map(({ question, passed }) => [question, passed])),
      says: [...new Set(refused.map(({ words }) => words))].join(" || "),
    };
  }

  async close() {
    await this.openclaw.stop();
    this.openclaw.remove();
  }
}

/** A box whose gateway stays up: for states of the pairing store alone, which a gateway reads anew at every connect. */
export class HotBox {
  static async open(lab, healthy) {
    const box = await Box.open(lab, healthy);
    try {
      await box.make([]);
      await box.openclaw.start();
      return new HotBox(box, await box.pairing.image());
    } catch (error) {
      await box.close();
      throw error;
    }
  }

  constructor(box, healthy) {
    this.box = box;
    this.healthy = healthy;
  }

  async make(changes) {
    this.box.drop(".openclaw/clawmend");
    await this.box.pairing.putBack(this.healthy);
    for (const change of changes) await change(this.box);
  }

  async close() {
    await this.box.close();
  }
}
