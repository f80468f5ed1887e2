import { useEffect } from "react";
import type { Threads } from "./threads.js";

const EVERY_MS = 4_000;

/**
 * Notices what others write to a thread, in another tab or on another machine. It asks only while somebody looks at the
 * page, and at once when somebody comes back to it.
 *
 * @param seen the version that is shown; undefined while a run tells what it does by itself
 */
export function useChanges(
  threads: Threads,
  threadId: string,
  seen: string | undefined,
  onChange: () => Promise<void>,
): void {
  useEffect(() => {
    if (seen === undefined) return;
    let isOver = false;
    const look = async () => {
      // What somebody edits in a dialog is not taken from under their hands.
      if (document.hidden || document.querySelector("[role=dialog]")) return;
      // What fails here fails again when a person asks for something, and is told then.
      const version = await threads.version(threadId).catch(() => seen);
      if (!isOver && version !== seen) await onChange();
    };
    const lookNow = () => void look();
    const timer = setInterval(lookNow, EVERY_MS);
    document.addEventListener("visibilitychange", lookNow);
    return () => {
      isOver = true;
      clearInterval(timer);
      document.removeEventListener("visibilitychange", lookNow);
    };
  }, [threads, threadId, seen, onChange]);
}
