/**
 * What a thread is doing, as its latest checkpoint and its lease tell:
 *
 * - `running`: somebody has it to itself.
 * - `failed`: a task of the latest step has failed, and has not been repeated with success.
 * - `waiting`: a task waits for the answer to its interrupt.
 * - `unfinished`: nodes are to run next, and none of the above. A run without a lease is under way, or has died, or the
 *   graph stops before or after a node (`interruptBefore`): what is stored is the same.
 * - `done`: nothing is to run.
 * - `unreadable`: the latest checkpoint cannot be read.
 * - `empty`: there is no checkpoint of the root graph.
 */
export const STATUSES = ["running", "failed", "waiting", "unfinished", "done", "unreadable", "empty"] as const;
export type Status = (typeof STATUSES)[number];
