import { useEffect } from "react";

/** Does something whenever somebody comes back to the tab: others may have been at work meanwhile. */
export function useReturn(reload: () => Promise<void>): void {
  useEffect(() => {
    const returned = () => {
      if (!document.hidden) void reload();
    };
    document.addEventListener("visibilitychange", returned);
    return () => document.removeEventListener("visibilitychange", returned);
  }, [reload]);
}
