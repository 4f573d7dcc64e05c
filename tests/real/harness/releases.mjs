// What differs between OpenClaw releases, as far as a test has to know it.

/** The releases of the default run: one before `admin` implied anything, the last files, the newest database. */
export const DEFAULT_RELEASES = ["2026.2.19", "2026.5.28", "2026.9.6"];
export const UPGRADE_FROM = "2026.5.28";
export const UPGRADE_TO = "2026.9.6";
/** Its import stops at the first invalid record; later ones skip it. */
export const STRICT_IMPORT = "2026.8.1";
export const AGREEMENT_RELEASES = ["2026.5.28", "2026.9.6"];

const parts = (version) => version.split("-")[0].split(".").map(Number);

/** True if `version` is `other` or newer, by calendar number; a suffix (`-2`, `-beta.1`) counts as the number itself. */
export function since(version, other) {
  const [a, b] = [parts(version), parts(other)];
  const at = a.findIndex((part, index) => part !== b[index]);
  return at === -1 || a[at] > b[at];
}

/** By calendar number, then a beta before its release and a `-2` after it. Says nothing of which line a release is on. */
export function compareReleases(a, b) {
  const key = (version) => {
    const [, beta = "1", number = "0"] = version.match(/-(beta\.)?(\d+)$/) ?? [];
    return [...parts(version), beta === "beta." ? 0 : 1, Number(number)];
  };
  const [left, right] = [key(a), key(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at === -1 ? 0 : left[at] - right[at];
}

export function describe(version) {
  if (!/^\d{4}\.\d{1,2}\.\d{1,2}(-[\w.]+)?$/.test(version)) throw new Error(`not an OpenClaw release: ${version}`);
  return {
    version,
    node: since(version, "2026.9.0") ? "node-24" : "node-22",
    /** Pairing in the database; there the lockouts are those of a gateway without a shared token. */
    sqlite: since(version, "2026.8.1") || /^2026\.7\.2-beta\.[1-7]$/.test(version),
    /**
     * These approve a scope upgrade silently on loopback, so a narrowed device is not a lockout: up to 2026.2.17 every
     * request is silent there, and from 2026.2.22 until 2026.3.28 that for more scopes too.
     */
    upgradesSilently: !since(version, "2026.2.19") || (since(version, "2026.2.22") && !since(version, "2026.3.28")),
    /** Turns host addresses in `gateway.bind` into modes at start. */
    migratesBindHosts: since(version, "2026.8.1"),
  };
}
