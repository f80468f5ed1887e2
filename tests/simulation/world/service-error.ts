import type { Item } from "./values.js";

/** An error that the service answers. */
export class ServiceError extends Error {
  constructor(
    readonly code: string,
    message: string = code,
    /** What `ReturnValuesOnConditionCheckFailure` asked for. */
    readonly item?: Item,
  ) {
    super(message);
  }
}
