import { useCallback, useEffect, useRef, useState } from "react";
import { problemOf } from "./problem.js";
import type { Failure } from "./use-runs.js";

/**
 * What `load` gives, and whether it last failed. The value stays while it is loaded again, so that nothing flickers.
 *
 * @param load must stay the same function for as long as the same is to be loaded
 * @param what said of a failure
 * @param attempt another number loads it again
 */
export function useLoaded<T>(
  load: () => Promise<T>,
  what: string,
  onFailure: (failure: Failure) => void,
  attempt: number,
) {
  const [value, setValue] = useState<T>();
  const [failed, setFailed] = useState(false);
  const newest = useRef(0);

  const reload = useCallback(async (): Promise<void> => {
    const number = (newest.current += 1);
    try {
      const loaded = await load();
      if (number !== newest.current) return;
      setValue(loaded);
      setFailed(false);
    } catch (error) {
      if (number !== newest.current) return;
      setFailed(true);
      onFailure({ ...problemOf(error), what });
    }
  }, [load, what, onFailure]);

  // oxlint-disable-next-line react/set-state-in-effect -- the state is set after an await, not at once
  useEffect(() => void reload(), [reload, attempt]);

  return { value, failed, reload };
}
