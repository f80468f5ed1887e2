/** 100 ns units from the calendar's beginning, in RFC 9562, to 1970. */
const UNIX_EPOCH = 0x01b21dd213814000n;

/**
 * When a checkpoint was made, as its id says, in ISO 8601: LangGraph's ids are UUIDs of version 6. `undefined` for
 * others.
 */
export function timeOf(checkpointId: string): string | undefined {
  const [, high, middle, low] =
    /^([0-9a-f]{8})-([0-9a-f]{4})-6([0-9a-f]{3})-[0-9a-f]{4}-[0-9a-f]{12}$/i.exec(checkpointId) ?? [];
  if (high === undefined) return undefined;
  const time = new Date(Number((BigInt(`0x${high}${middle}${low}`) - UNIX_EPOCH) / 10_000n));
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
