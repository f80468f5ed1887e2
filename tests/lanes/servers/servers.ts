import type { Fetch } from "langgraph-checkpoint-dynamodb";

let servers: Fetch | undefined;

/**
 * From now on, other servers answer what the savers of tests send, and what tests ask for themselves; without an
 * argument, the real ones.
 */
export function useServers(other?: Fetch): void {
  servers = other;
}

/** Those that are in use, if they are not the real ones. */
export const otherServers = (): Fetch | undefined => servers;

/** A `fetch` to the servers that are in use. */
export const fetchServers: Fetch = (url, init) => (servers ?? fetch)(url, init);
