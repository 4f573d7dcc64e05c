// A bench: one OpenClaw, its pairing store, and a healthy state to come back to before every case.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OpenClaw } from "./openclaw.mjs";
import { PairingFiles } from "./pairing-files.mjs";
import { PairingSqlite } from "./pairing-sqlite.mjs";

/** What opened every lockout of OPENCLAW-STATE.md, on every release. */
export const FULL_SCOPES = ["operator.admin", "operator.approvals", "operator.pairing", "operator.read", "operator.write"];
const CONFIG_COPIES = /^openclaw\.json./;
const OWN_PAIRING_TIMEOUT_MS = 30_000;

/** Sets what the CLI's own device may do, in each place that holds it. */
export function grant(model, scopes) {
  const device = model.paired[model.identity.deviceId];
  device.scopes = scopes;
  if (device.approvedScopes !== undefined) device.approvedScopes = scopes;
  device.tokens.operator.scopes = scopes;
  if (model.cached.operator !== undefined) model.cached.operator.scopes = scopes;
}

/** No device of the CLI is paired after its first command; `admitted`: with the shared token alone it got in. */
export class NotPaired extends Error {
  constructor(admitted) {
    super("the CLI was not paired at first contact");
    this.admitted = admitted;
  }
}

export class Bench {
  #healthy;

  /** A new home under the run's scratch folder. Nothing runs yet. */
  static async open({ scratch, programs, node24 }, release) {
    const home = mkdtempSync(join(scratch, `${release.version}-`));
    return new Bench(await OpenClaw.at(home, release, programs.get(release.version)), node24);
  }

  constructor(openclaw, node24) {
    this.openclaw = openclaw;
    this.release = openclaw.release;
    const { state } = openclaw;
    this.pairing = this.release.sqlite ? new PairingSqlite(state, node24) : new PairingFiles(state);
  }

  /** Starts the gateway, lets the real CLI be paired, gives it the full set and remembers that as healthy. */
  async settle() {
    this.openclaw.writeConfig(this.openclaw.healthyConfig());
    await this.openclaw.start();
    if (this.release.sqlite) await this.#ownPairing();
    const { code } = await this.openclaw.command(["devices", "list"]);
    const model = await this.pairing.model();
    if (model.paired[model.identity?.deviceId] === undefined) throw new NotPaired(code === 0);
    model.pending = {};
    grant(model, FULL_SCOPES);
    await this.pairing.write(model);
    this.#healthy = await this.pairing.image();
  }

  /** Without a shared token a gateway pairs its own machine soon after it listens. */
  async #ownPairing() {
    const deadline = Date.now() + OWN_PAIRING_TIMEOUT_MS;
    while (Object.keys((await this.pairing.model()).cached).length === 0) {
      if (Date.now() > deadline) throw new Error("the gateway did not pair its own machine");
      await sleep(500);
    }
  }

  /** Back to the healthy pairing and config, and no trace of clawmend or of OpenClaw's own config copies. */
  async reset() {
    const { openclaw } = this;
    await this.pairing.putBack(this.#healthy);
    rmSync(join(openclaw.state, "clawmend"), { recursive: true, force: true });
    if (!openclaw.running) {
      for (const name of readdirSync(openclaw.state)) {
        if (CONFIG_COPIES.test(name)) rmSync(join(openclaw.state, name));
      }
      rmSync(join(openclaw.state, "logs"), { recursive: true, force: true });
      openclaw.writeConfig(openclaw.healthyConfig());
    }
  }

  async edit(change) {
    const model = await this.pairing.model();
    change(model);
    await this.pairing.write(model);
  }

  async close() {
    await this.openclaw.stop();
    this.openclaw.remove();
  }
}
