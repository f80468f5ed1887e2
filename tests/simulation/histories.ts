import { generate } from "./calls/generate.js";
import { kindOf } from "./kind.js";
import { generateLeases } from "./leases/generate.js";
import { runLeaseHistory } from "./leases/run-leases.js";
import { leaseKindOf, shrinkLeases } from "./leases/shrink-leases.js";
import { printHistory, printLeaseHistory, printStoreHistory } from "./print.js";
import { runHistory, type Outcome } from "./run-history.js";
import type { Shrunk } from "./shrink-with.js";
import { shrink } from "./shrink.js";
import { generateStore } from "./store/generate.js";
import { runStoreHistory } from "./store/run-store.js";
import { shrinkStore, storeKindOf } from "./store/shrink-store.js";

/** How histories of one kind are made, lived through, and shown. */
export interface Histories<P extends { calls: object[]; schedule?: number }> {
  generate: (seed: string) => P;
  run: (plan: P) => Promise<Outcome>;
  kindOf: (problem: string) => string;
  shrink: (plan: P, problem: string, tell: (line: string) => void) => Promise<Shrunk<P>>;
  print: (plan: P, print: (line: string) => void) => Promise<void>;
}

const of = <P extends { calls: object[]; schedule?: number }>(histories: Histories<P>): Histories<P> => histories;

export const savers = of({ generate, run: runHistory, kindOf, shrink, print: printHistory });

/** Stores, and caches. */
export const stores = of({
  generate: generateStore,
  run: runStoreHistory,
  kindOf: storeKindOf,
  shrink: shrinkStore,
  print: printStoreHistory,
});

/** Runs with leases, and without. */
export const leases = of({
  generate: generateLeases,
  run: runLeaseHistory,
  kindOf: leaseKindOf,
  shrink: shrinkLeases,
  print: printLeaseHistory,
});
