/** 100 ns units from the calendar's beginning, in RFC 9562, to 1970. */
const UNIX_EPOCH = 0x01b21dd213814000n;

const UUID_6 = /^([0-9a-f]{8})-([0-9a-f]{4})-6([0-9a-f]{3})-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * When a checkpoint was made, as its id says, in milliseconds since 1970: LangGraph's ids are UUIDs of version 6.
 * `undefined` for others.
 */
export function idTime(checkpointId: string): number | undefined {
  const [, high, middle, low] = UUID_6.exec(checkpointId) ?? [];
  return high === undefined ? undefined : Number((BigInt(`0x${high}${middle}${low}`) - UNIX_EPOCH) / 10_000n);
}
