// The pairing store of releases up to 2026.7: JSON files. Same interface as pairing-sqlite.mjs:
// an image (opaque, put back byte for byte) and a model (plain records, for lockouts to edit).
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FOLDERS = ["devices", "identity"];
const FILES = {
  paired: "devices/paired.json",
  pending: "devices/pending.json",
  identity: "identity/device.json",
  cached: "identity/device-auth.json",
};

export class PairingFiles {
  constructor(state) {
    this.state = state;
  }

  async image() {
    const image = new Map();
    for (const folder of FOLDERS) {
      const path = join(this.state, folder);
      if (!existsSync(path)) continue;
      for (const name of readdirSync(path)) image.set(join(folder, name), readFileSync(join(path, name)));
    }
    return image;
  }

  async putBack(image) {
    for (const folder of FOLDERS) rmSync(join(this.state, folder), { recursive: true, force: true });
    for (const [name, bytes] of image) this.#write(name, bytes);
  }

  async model() {
    const read = (name) => {
      const path = join(this.state, name);
      return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
    };
    const cached = read(FILES.cached);
    return {
      identity: read(FILES.identity),
      paired: read(FILES.paired) ?? {},
      pending: read(FILES.pending) ?? {},
      cached: cached?.tokens ?? {},
    };
  }

  /** Writes everything but the identity, which no lockout changes. */
  async write({ identity, paired, pending, cached }) {
    const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
    this.#write(FILES.paired, json(paired));
    this.#write(FILES.pending, json(pending));
    if (Object.keys(cached).length === 0) rmSync(join(this.state, FILES.cached), { force: true });
    else this.#write(FILES.cached, json({ version: 1, deviceId: identity.deviceId, tokens: cached }));
  }

  /** Replaces one file's text as it stands, for stores that are no model any more. */
  writeRaw(name, text) {
    this.#write(FILES[name], text);
  }

  /** Changes one file's text; it goes where that gives none. */
  async rewriteRaw(name, change) {
    const path = join(this.state, FILES[name]);
    const text = change(readFileSync(path, "utf8"));
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
  }

  #write(name, bytes) {
    const path = join(this.state, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, bytes, { mode: 0o600 });
  }
}
