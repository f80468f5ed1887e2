/**
 * Runs `task` for each input, at most `limit` at a time. After a failure nothing new is started, what runs is
 * awaited (nothing may go on after the caller was told), and the first error is thrown.
 */
export async function forEachAtOnce<T>(
  limit: number,
  inputs: Iterable<T>,
  task: (input: T) => Promise<void>,
): Promise<void> {
  const iterator = inputs[Symbol.iterator]();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done && !failed; next = iterator.next()) {
      try {
        await task(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: limit }, lane));
  for (const result of lanes) if (result.status === "rejected") throw result.reason;
}
