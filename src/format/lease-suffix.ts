/*
 * What tasks write under a lease has the lease's token at the end of its key, so that no holder writes into what
 * another one has written.
 */

/** Under which lease a task has written. */
export interface WriteLease {
  /** The lease's number; 0 for none. */
  token: number;
  /** Whether the checkpoint was the latest to its holder. */
  claims: boolean;
}

export const leaseSuffix = ({ token, claims }: WriteLease): string =>
  token === 0 ? "" : `#${claims ? "@" : "+"}${token.toString(36)}`;

/** As a part of a regular expression. */
export const LEASE_SUFFIX = "#[@+][0-9a-z]{1,10}";
const AT_END = new RegExp(`^(.*?)(${LEASE_SUFFIX})?$`, "s");

/** A sort key without the token, and what it has of one. */
export function splitLease(sortKey: string): [rest: string, suffix: string] {
  const [, rest = sortKey, suffix = ""] = (sortKey.startsWith("C#") && AT_END.exec(sortKey)) || [];
  return [rest, suffix];
}

export const leaseIn = (suffix: string): WriteLease => ({
  token: suffix === "" ? 0 : parseInt(suffix.slice(2), 36),
  claims: suffix.startsWith("#@"),
});
