import { useMemo, useSyncExternalStore } from "react";

/** What the page shows: so a reload, a bookmark, a link and the Back button find it again. */
export interface Address {
  threadId?: string | undefined;
  /** One of the thread's; without it, the latest. */
  checkpointId?: string | undefined;
}

const FORM = /^#\/threads\/([^/]+)(?:\/checkpoints\/([^/]+))?$/;

export function useAddress(): Address {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return useMemo(() => parse(hash), [hash]);
}

export function goTo(address: Address): void {
  location.hash = hashOf(address);
}

/** Whoever looks through a history with the arrow keys wants none of it in the history of the browser. */
export function replaceAddress(address: Address): void {
  location.replace(hashOf(address));
}

/** What to give to somebody else. */
export const linkTo = (address: Address): string => location.href.replace(/(#.*)?$/, hashOf(address));

/** A name that is short, and that nobody else has in this table. */
export function newThreadId(): string {
  const letters = crypto
    .getRandomValues(new Uint8Array(6))
    .map((byte) => "0123456789abcdefghjkmnpqrstvwxyz".charCodeAt(byte % 32));
  return `thread-${String.fromCharCode(...letters)}`;
}

function hashOf({ threadId, checkpointId }: Address): string {
  if (threadId === undefined) return "#";
  const thread = `#/threads/${encodeURIComponent(threadId)}`;
  return checkpointId === undefined ? thread : `${thread}/checkpoints/${encodeURIComponent(checkpointId)}`;
}

function subscribe(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

function parse(hash: string): Address {
  const [, threadId, checkpointId] = FORM.exec(hash) ?? [];
  if (threadId === undefined) return {};
  try {
    return {
      threadId: decodeURIComponent(threadId),
      checkpointId: checkpointId === undefined ? undefined : decodeURIComponent(checkpointId),
    };
  } catch {
    return {}; // an address that somebody has typed
  }
}
