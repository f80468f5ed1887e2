import { useCallback, useSyncExternalStore } from "react";

const PREFIX = "#/threads/";

/** The thread that the address names, so that a reload, a bookmark and the Back button find it again. */
export function useThreadId(): [threadId: string | undefined, open: (threadId: string | undefined) => void] {
  const threadId = useSyncExternalStore(subscribe, read);
  const open = useCallback((next: string | undefined) => {
    location.hash = next === undefined ? "" : PREFIX + encodeURIComponent(next);
  }, []);
  return [threadId, open];
}

/** A name that is short, and that nobody else has in this table. */
export function newThreadId(): string {
  const letters = crypto
    .getRandomValues(new Uint8Array(6))
    .map((byte) => "0123456789abcdefghjkmnpqrstvwxyz".charCodeAt(byte % 32));
  return `thread-${String.fromCharCode(...letters)}`;
}

function subscribe(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

function read(): string | undefined {
  if (!location.hash.startsWith(PREFIX)) return undefined;
  try {
    return decodeURIComponent(location.hash.slice(PREFIX.length)) || undefined;
  } catch {
    return undefined; // an address that somebody has typed
  }
}
