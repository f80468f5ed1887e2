import type { Item } from "./item.js";

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

export const refuse = (message: string): never => {
  throw new ServiceError("ValidationException", message);
};
