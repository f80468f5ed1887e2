import { useCallback, useEffect, useRef, useState } from "react";
import { problemOf } from "./problem.js";
import type { Failure } from "./use-runs.js";

/**
 * What `load` gives. The value stays while it is loaded again, so that nothing flickers.
 *
 * @param load must stay the same function for as long as the same is to be loaded
 * @param what said of a failure
 */
export function useLoaded<T>(load: () => Promise<T>, what: string, onFailure: (failure: Failure) => void) {
  const [value, setValue] = useState<T>();
  const newest = useRef(0);

  const reload = useCallback(
    async function attempt(): Promise<void> {
      const number = (newest.current += 1);
      try {
        const loaded = await load();
        if (number === newest.current) setValue(loaded);
      } catch (error) {
        if (number === newest.current) onFailure({ ...problemOf(error), what, retry: () => void attempt() });
      }
    },
    [load, what, onFailure],
  );

  useEffect(() => void reload(), [reload]);

  return { value, reload };
}
