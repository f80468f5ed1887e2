import { boundsOf, countsFor, isAbove, isUnseen, LatestSearch } from "../../../src/checkpoint/fence.js";
import type { Bounds, Grants, Ranked } from "../../../src/checkpoint/fence.js";
import { FirstReads } from "../../../src/checkpoint/first-reads.js";

/*
 * What the protocol is made of. Reading is what the package's own functions say; a mutant replaces one of these.
 */

/** The marker of a thread, as far as leases go. Times are in units of 5 seconds. */
export interface Marker {
  token: number;
  lease: string | undefined;
  /** By the holder's clock. */
  until: number | undefined;
  seconds: number;
  /** As in the package, but for `since` and `storedFrom`. */
  since: number | undefined;
  stored: number | undefined;
  storedFrom: number | undefined;
}

/** What a release says of the root's namespace. */
export type Told = { storedFrom: number } | "nothing" | undefined;

interface Own {
  lease: string;
  token: number;
}

export interface Rules {
  /** How much later than its `until` a lease counts as over, for one that does not wait. */
  allowance: number;
  /** Whether a holder measures its own time, and renews before it sends anything after that. */
  holderMeasures: boolean;
  mayRenew: (marker: Marker, own: Own) => boolean;
  mayRelease: (marker: Marker, own: Own) => boolean;
  /** The latest of checkpoints in descending order of their ids. */
  latest: (all: Ranked[], bounds: Bounds) => Ranked | undefined;
  bounds: (grants: Grants) => Bounds;
  /** The marker after a release. @param isFirst whether it is known what was stored under all leases before */
  released: (marker: Marker, told: Told, isFirst: boolean) => Marker;
  isLate: (reads: FirstReads, one: Ranked) => boolean;
  isLateClaim: (reads: FirstReads, one: Ranked, claimed: number) => boolean;
  seesWrite: (reads: FirstReads, on: string, task: string, token: number) => boolean;
  /** Whether older writes stand in the way of what a younger holder writes. */
  hasOwnPlace: boolean;
  countsFor: typeof countsFor;
  isUnseen: typeof isUnseen;
  /** What writes say of what their holder had read first. */
  seen: (reads: FirstReads, on: string) => string[] | undefined;
  claims: boolean;
}

export const protocol: Rules = {
  allowance: 1,
  holderMeasures: true,
  mayRenew: (marker, own) => marker.lease === own.lease && marker.token === own.token && marker.until !== undefined,
  mayRelease: (marker, own) => marker.lease === own.lease && marker.token === own.token,
  latest(all, bounds) {
    const search = new LatestSearch<Ranked>(bounds);
    for (const one of all) {
      search.add(one);
      if (search.isOver()) break;
    }
    return search.best;
  },
  bounds: boundsOf,
  released(marker, told, isFirst) {
    if (told === undefined) return marker;
    if (told === "nothing") return isFirst ? { ...marker, since: undefined } : marker;
    return { ...marker, since: undefined, stored: marker.token, storedFrom: told.storedFrom };
  },
  isLate: (reads, one) => reads.isLate("", one),
  isLateClaim: (reads, one, claimed) => reads.isLateClaim("", one, claimed),
  seesWrite: (reads, on, task, token) => reads.seesWrite("", on, { sortKey: `${task}@${token}`, token }, "w0"),
  hasOwnPlace: true,
  countsFor,
  isUnseen,
  seen: (reads, on) => reads.seen("", on),
  claims: true,
};

/** Faults in the protocol, each of which the search has to find. */
export const mutants: Record<string, Partial<Rules>> = {
  "the latest checkpoint is that with the highest id": { latest: (all) => all[0] },
  "the latest checkpoint is found without a look at what is behind it": {
    latest: (all) => all.reduce<Ranked | undefined>((best, one) => best ?? one, undefined),
    isLate: () => false,
  },
  "who has written to a checkpoint does not count": { claims: false },
  "a holder does not remember the latest checkpoint it has read": { isLate: () => false },
  "late writes to an older checkpoint make that the latest": { isLateClaim: () => false },
  "late writes to an older checkpoint make that absent": {
    isLate: (reads, one) => reads.isLate("", one) || reads.isLateClaim("", one, one.claimed),
    isLateClaim: () => false,
  },
  "the token is not compared on pending writes": { seesWrite: () => true },
  "all holders write to the same place": { hasOwnPlace: false },
  "the token is not compared on the way of a DeltaChannel": { countsFor: () => true },
  "what was seen of older writes is not compared on the way of a DeltaChannel": {
    countsFor: (child, writes) => writes.token <= child.token,
  },
  "writes do not say what their holder had read first": { seen: () => undefined },
  "what a holder had read first is not compared on pending writes": { isUnseen: () => false },
  "what a holder had read first is not what those before it had let through": {
    isUnseen: (claims, write) => isUnseen(claims, write, Math.min(...claims.map(({ token }) => token))),
  },
  "a search ends where the youngest lease may not have stored anything": {
    bounds: ({ token, since }) => ({ youngest: token, from: since ?? Infinity }),
  },
  "a search ends at what an older lease has stored, though a younger one may have": {
    bounds: (grants) => boundsOf({ ...grants, since: undefined }),
  },
  "a search does not go back to when something was stored": {
    bounds: (grants) => ({ ...boundsOf(grants), from: Infinity }),
  },
  "a release where nothing was stored says so for those before": {
    released: (marker, told) => protocol.released(marker, told, true),
  },
  "a lease is over by its holder's clock alone": { allowance: 0 },
  "a holder does not measure its own time": { holderMeasures: false },
  "a lease is released without a condition": { mayRelease: () => true },
  "a renewal revives a lease that was broken": {
    mayRenew: (marker, { lease }) => marker.lease === lease || marker.lease === "broken",
  },
  "a lease is known by its name alone": {
    mayRenew: (marker, { lease }) => marker.lease === lease && marker.until !== undefined,
  },
  "a renewal asks for nothing": { mayRenew: () => true },
};

/** The order of checkpoints, for what a state should be. */
export const above = isAbove;
