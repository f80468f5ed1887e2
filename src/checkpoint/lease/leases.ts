import type { RunnableConfig } from "@langchain/core/runnables";
import { invalidInput } from "../../errors.js";
import { FirstReads } from "../first-reads.js";
import type { LeaseConfig, Storage } from "../storage.js";
import { Lease, RELEASED } from "./lease.js";

/** So many runs of one instance have a lease at once; of others, nothing is remembered. */
const MOST = 10_000;

/** The leases that an instance has acquired, or met in the config of a call. */
export class Leases {
  readonly #byName = new Map<string, Lease>();
  /** The names of those that were released here: a run that goes on under one of them stores nothing. */
  readonly #released = new Set<string>();

  keep(lease: Lease): void {
    if (this.#byName.size >= MOST) this.#byName.delete(this.#byName.keys().next().value!);
    this.#byName.set(lease.name, lease);
  }

  /** One that is released. */
  drop({ name }: Lease): void {
    this.#byName.delete(name);
    if (this.#released.size >= MOST) this.#released.delete(this.#released.keys().next().value!);
    this.#released.add(name);
  }

  /** The lease that a call is made under. One of another thread, as where a node runs another graph, is none. */
  of(storage: Storage, config: RunnableConfig | undefined, threadId: string | undefined): Lease | undefined {
    const given = leaseConfig(config);
    if (!given || given.thread_id !== threadId) return undefined;
    const known = this.#byName.get(given.name);
    if (known) return known;
    // Of another instance, or process: how much of its time is left is not known here, so it is renewed first.
    const lease = new Lease(storage, threadId, new FirstReads(given.token), given.name, given.seconds);
    if (this.#released.has(given.name)) lease.lost(RELEASED);
    else this.keep(lease);
    return lease;
  }
}

function leaseConfig(config: RunnableConfig | undefined): LeaseConfig | undefined {
  const given: unknown = (config?.configurable as Record<string, unknown> | undefined)?.lease;
  if (given === undefined || given === null) return undefined;
  const { thread_id, token, name, seconds } = given as Record<keyof LeaseConfig, unknown>;
  if (
    typeof thread_id === "string" &&
    Number.isSafeInteger(token) &&
    typeof name === "string" &&
    typeof seconds === "number" &&
    seconds > 0
  )
    return given as LeaseConfig;
  throw invalidInput(
    "configurable.lease is what acquireLease() or withLease() gives as configurable. Pass it as it is.",
  );
}
