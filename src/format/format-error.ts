import { CheckpointDataError, type DataErrorCode, type DataLocation } from "../errors.js";

/** Stored bytes are not what they should be. Becomes a {@link CheckpointDataError} where the place is known. */
export class FormatError extends Error {
  constructor(
    readonly code: DataErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

export const damaged = (message: string, cause?: unknown): FormatError =>
  new FormatError("DAMAGED_DATA", message, cause === undefined ? undefined : { cause });

/** Gives a {@link FormatError} its place; other errors pass unchanged. */
export function locate(error: unknown, location: DataLocation): unknown {
  return error instanceof FormatError
    ? new CheckpointDataError(error.code, error.message, location, { cause: error.cause })
    : error;
}
