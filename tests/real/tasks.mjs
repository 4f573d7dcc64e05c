// Which work a run consists of: one task is one bench, with one gateway at a time and cases that follow one another.
import { config, configNames } from "./cases/config.mjs";
import { pairing, pairingNames } from "./cases/pairing.mjs";
import { describe } from "./harness/releases.mjs";

function releaseTasks(version) {
  const release = describe(version);
  const task = (name, names, run) => ({ name, release, releases: [release], names: names(release), run });
  return [task("config", configNames, config), task("pairing", pairingNames, pairing)];
}

/** In the order in which they are started. */
export function planTasks({ releases }) {
  return releases.flatMap(releaseTasks);
}
