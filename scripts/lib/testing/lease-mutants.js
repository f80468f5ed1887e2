/** @import { Mutant } from "./mutants.js" */

/** @type {Mutant[]} Faults of leases, which histories of `--kind lease` have to find. */
export const leaseMutants = [
  {
    name: "the token is not compared on the latest checkpoint",
    edits: [
      {
        file: "checkpoint/fence.ts",
        from: "return (epochOf(a) - epochOf(b) || a.token - b.token || compareCodePoints(a.id, b.id)) > 0;",
        to: "return compareCodePoints(a.id, b.id) > 0;",
      },
    ],
  },
  {
    name: "a holder does not remember the latest checkpoint it has read",
    edits: [
      {
        file: "checkpoint/first-reads.ts",
        from: "if (one.token >= this.token || !this.#bases.has(ns)) return false;",
        to: "if (one.token < Infinity || !this.#bases.has(ns)) return false;",
      },
    ],
  },
  {
    name: "the token is not compared on pending writes",
    edits: [
      {
        file: "checkpoint/first-reads.ts",
        from: "    if (token >= this.token) return true;\n    const known",
        to: "    if (token >= 0) return true;\n    const known",
      },
    ],
  },
  {
    name: "writes do not say what their holder had read first",
    edits: [
      {
        file: "checkpoint/write/put-writes.ts",
        from: "const told = seen && seen.length <= MAX_SEEN ?",
        to: "const told = seen && seen.length < 0 ?",
      },
    ],
  },
  {
    name: "what a holder had read first is not compared on pending writes",
    edits: [
      {
        file: "checkpoint/fence.ts",
        from: "return write.token < youngest && !told",
        to: "return write.token < 0 && !told",
      },
    ],
  },
  {
    name: "of two leases' writes for one task the older ones count",
    edits: [
      {
        file: "checkpoint/read/merge-writes.ts",
        from: "sort((a, b) => b - a)",
        to: "sort((a, b) => a - b)",
      },
    ],
  },
  {
    name: "the token is not compared on the way of a DeltaChannel",
    edits: [
      {
        file: "checkpoint/fence.ts",
        from: "  if (write.token >= token) return write.token === token;\n  return over ?",
        to: "  if (write.token >= token) return true;\n  return token >= 0 ? true : over ?",
      },
    ],
  },
  {
    name: "a search ends where the youngest lease may not have stored anything",
    edits: [
      {
        file: "checkpoint/fence.ts",
        from: "youngest: since === undefined ? (stored ?? 0) : token,",
        to: "youngest: token,",
      },
      {
        file: "checkpoint/fence.ts",
        from: "from: Math.min(since ?? Infinity, storedFrom ?? Infinity),",
        to: "from: since ?? Infinity,",
      },
    ],
  },
  {
    name: "a search ends at what an older lease has stored, though a younger one may have",
    edits: [
      {
        file: "checkpoint/fence.ts",
        from: "since === undefined ? (stored ?? 0) : token",
        to: "since === undefined ? (stored ?? 0) : (stored ?? token)",
      },
    ],
  },
  {
    name: "a lease is over by its holder's clock alone",
    edits: [
      {
        file: "checkpoint/lease/marker.ts",
        from: "export const ALLOWANCE_MS = 5_000;",
        to: "export const ALLOWANCE_MS = 0;",
      },
    ],
  },
  {
    name: "a release asks for nothing",
    edits: [
      {
        file: "checkpoint/lease/own.ts",
        from: "OR #shared <> :token)` : OWN,",
        to: "OR #shared <> :token)` : `(${OWN}) OR attribute_exists(PK)`,",
      },
    ],
  },
  {
    name: "a renewal revives a lease that was broken",
    edits: [
      {
        file: "checkpoint/lease/marker.ts",
        from: 'update: "SET #lease = :instead REMOVE #until, #holder, #seconds",',
        to: 'update: "REMOVE #until, #holder, #seconds",',
      },
      {
        file: "checkpoint/lease/marker.ts",
        from: 'values: { ":name": { S: name }, ":instead": { S: instead } },',
        to: 'values: { ":name": { S: name || instead } },',
      },
      {
        file: "checkpoint/lease/own.ts",
        from: "condition: `${OWN} AND #until <= :until`,",
        to: "condition: `${OWN} AND (attribute_not_exists(#until) OR #until <= :until)`,",
      },
    ],
  },
  {
    name: "a renewal asks for nothing",
    edits: [
      {
        file: "checkpoint/lease/own.ts",
        from: "condition: `${OWN} AND #until <= :until`,",
        to: "condition: `(${OWN}) OR attribute_exists(PK)`,",
      },
    ],
  },
  {
    name: "who waits compares a lease by its name alone",
    edits: [
      {
        file: "checkpoint/lease/acquire.ts",
        from: "granted.name !== watched?.lease.name || granted.until !== watched.lease.until",
        to: "granted.name !== watched?.lease.name",
      },
      {
        file: "checkpoint/lease/marker.ts",
        from: " OR (#lease = :stale AND #until = :seen)",
        to: " OR (#lease = :stale AND #until >= :seen)",
      },
    ],
  },
];
