// Which work a run consists of: one task is one line of cases that follow one another, with one gateway at a time.
import { agreement, agreementNames } from "./cases/agreement.mjs";
import { config, configNames } from "./cases/config.mjs";
import { pairing, pairingNames } from "./cases/pairing.mjs";
import { upgrade, upgradeNames, upgradeReleases } from "./cases/upgrade.mjs";
import { AGREEMENT_RELEASES, DEFAULT_RELEASES, describe, UPGRADE_FROM } from "./harness/releases.mjs";

function task(name, version, names, run, releases = []) {
  const release = describe(version);
  return { name, release, releases: [release, ...releases], names: names(release), run };
}

/** Config first, as it takes longest. */
const lockouts = (versions) => [
  ...versions.map((version) => task("config", version, configNames, config)),
  ...versions.map((version) => task("pairing", version, pairingNames, pairing)),
];
const upgradePath = () => task("upgrade", UPGRADE_FROM, upgradeNames, upgrade, upgradeReleases);
const agreements = (version) => task("agreement", version, agreementNames, agreement);

/** The tasks in the order in which they start. Each of `--upgrade`, `--agreement` and `--release` asks for its own. */
export function planTasks({ releases, upgrade: wantsUpgrade, agreement: wantsAgreement }) {
  if (wantsAgreement) return (releases ?? AGREEMENT_RELEASES).map(agreements);
  if (wantsUpgrade) return [upgradePath()];
  if (releases !== undefined) return lockouts(releases);
  return [...lockouts(DEFAULT_RELEASES), upgradePath()];
}
