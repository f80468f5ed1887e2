/** So many at once: more of them would keep one another busy, and renew their leases meanwhile. */
const AT_ONCE = 12;
const MOST = 96;

/**
 * A life for each request that something cuts or holds, until one is whole.
 * @param live what is cut or held after so many requests
 */
export async function atEachRequest<T>(
  live: (after: number) => Promise<T>,
  isWhole: (one: T) => boolean,
): Promise<{ cuts: number }> {
  const lives: T[] = [];
  while (!lives.some(isWhole)) {
    if (lives.length >= MOST) throw new Error(`None of ${MOST} lives was whole.`);
    const from = lives.length;
    lives.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => live(from + i)))));
  }
  return { cuts: lives.filter((one) => !isWhole(one)).length };
}
