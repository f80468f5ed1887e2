import type { Moment } from "../model/records.js";
import { MANY_DIMS } from "./generate-instances.js";
import type { StoreInstance } from "./instances.js";
import type { Write } from "./model/records.js";

/** A write as it is when its call begins. */
export function begin(
  { plan, client, actor, ...instance }: StoreInstance,
  name: string,
  start: Moment,
  more: Pick<Write, "value" | "ttlMs" | "texts"> & { length: number; isOrdered?: boolean },
  order: number,
): Write {
  void instance;
  const { value, ttlMs, texts, length, isOrdered = true } = more;
  return {
    name: `${client.name}'s ${name}`,
    value,
    actor,
    order,
    isOrdered,
    start,
    end: { step: Infinity, ms: Infinity },
    outcome: "pending",
    untilMs: Infinity,
    ttlMs,
    refreshes: [],
    skewMs: client.skewMs ?? 0,
    texts,
    mayBeObject: plan.s3 !== undefined && length >= 500,
    mayHaveObjects: plan.s3 !== undefined && (length >= 500 || plan.index === MANY_DIMS),
  };
}

export const ttlMsOf = ({ plan }: StoreInstance, ttl: number | null | undefined): number | undefined => {
  const seconds = ttl === undefined ? plan.ttlSeconds : (ttl ?? undefined);
  return seconds === undefined ? undefined : seconds * 1_000;
};
