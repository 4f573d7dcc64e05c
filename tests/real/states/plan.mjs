// Which states a run judges: every trait alone, or an even sample of combinations, always the same for the same seed.
import { describe, since } from "../harness/releases.mjs";
import { BASES } from "./box.mjs";
import { HOT_KINDS, KINDS, NEEDS_STORE, UNDER_RUNNING } from "./catalogue.mjs";

/** Spread over the eras: before `admin` implied anything, files, the last files and the extended-stable line, database. */
export const SWEEP_RELEASES = ["2026.1.30", "2026.2.19", "2026.4.15", "2026.5.28", "2026.6.35", "2026.7.1", "2026.8.2", "2026.9.1", "2026.9.6"];
export const GATE_RELEASES = ["2026.2.19", "2026.5.28", "2026.9.6"];
/** How many of the sampled states are of the pairing store alone, which cost a second and not a start. */
export const HOT_SHARE = 0.6;

/** mulberry32: a small generator, so that a state that disagreed can be made again. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The base on which this machine has a paired device: with a shared token up to 2026.6, without one where pairing is in
 * the database. 2026.7.1 and its line have none: with the token the CLI shows no device, without one it has no way in.
 */
function deviceBase(release) {
  if (describe(release).sqlite) return "bare";
  return since(release, "2026.7.1") ? undefined : "token";
}

/** Up to 2026.2.18 no gateway starts without a shared secret: there is no `bare`. */
const basesOf = (release) => BASES.filter((base) => base !== "bare" || since(release, "2026.2.19"));

function fits(kind, base, release) {
  if (HOT_KINDS.has(kind)) return base === deviceBase(release);
  return base !== "fresh" || !NEEDS_STORE.has(kind);
}

function traitsOf(kind, release) {
  const here = describe(release).sqlite ? "database" : "files";
  return KINDS[kind].filter(([, { where = here }]) => where === here);
}

function state(release, base, chosen) {
  const kinds = Object.keys(KINDS).filter((kind) => chosen.has(kind));
  const traits = kinds.map((kind) => chosen.get(kind));
  const hot = kinds.every((kind) => HOT_KINDS.has(kind)) && base === deviceBase(release);
  return { release, base, hot, changes: traits.map(([, change]) => change), name: `${base}: ${traits.map(([name]) => name).join("; ") || "as made"}` };
}

const lateState = (release, name, change) => ({ release, base: "token", hot: false, changes: [change], name: `token: while it runs, ${name}` });

function singles(release) {
  const late = UNDER_RUNNING.map(([name, change]) => lateState(release, name, change));
  return basesOf(release).flatMap((base) => [
    state(release, base, new Map()),
    ...Object.keys(KINDS)
      .filter((kind) => fits(kind, base, release))
      .flatMap((kind) => traitsOf(kind, release).map((trait) => state(release, base, new Map([[kind, trait]])))),
  ]).concat(late);
}

function shuffled(items, random) {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0]);
}

/** One to three kinds, one trait of each. */
function combination(release, base, first, kinds, random) {
  const others = shuffled(kinds.filter((kind) => kind !== first && traitsOf(kind, release).length > 0), random);
  const pick = (kind) => traitsOf(kind, release)[Math.floor(random() * traitsOf(kind, release).length)];
  const chosen = [first, ...others.slice(0, Math.floor(random() * 3))];
  return state(release, base, new Map(chosen.map((kind) => [kind, pick(kind)])));
}

/** One in so many states is a config that changes while a gateway runs: each costs a minute. */
const UNDER_RUNNING_EACH = 30;

function underRunning(releases, count, random) {
  return Array.from({ length: Math.floor(count / UNDER_RUNNING_EACH) }, (_, at) => {
    const [name, change] = UNDER_RUNNING[Math.floor(random() * UNDER_RUNNING.length)];
    return lateState(releases[at % releases.length], name, change);
  });
}

/** Every release and every kind in turn, so that any number of states is spread evenly. */
export function plan({ releases, count, seed, hotShare = HOT_SHARE, singles: alone }) {
  if (alone) return releases.flatMap(singles);
  const random = randomFrom(seed);
  const states = new Map();
  const turns = new Map();
  const late = underRunning(releases, count, randomFrom(seed + 1));
  for (let at = 0; states.size < count - late.length && at < count * 20; at += 1) {
    const release = releases[at % releases.length];
    const hot = random() < hotShare && deviceBase(release) !== undefined;
    const bases = basesOf(release);
    const base = hot ? deviceBase(release) : bases[Math.floor(random() * bases.length)];
    const kinds = Object.keys(KINDS).filter((kind) => (hot ? HOT_KINDS.has(kind) : fits(kind, base, release)));
    const leading = kinds.filter((kind) => HOT_KINDS.has(kind) === hot && traitsOf(kind, release).length > 0);
    const turn = `${release} ${base} ${hot}`;
    turns.set(turn, (turns.get(turn) ?? 0) + 1);
    const next = combination(release, base, leading[turns.get(turn) % leading.length], kinds, random);
    states.set(`${release} ${next.name}`, next);
  }
  return [...states.values(), ...late];
}
