/** Why a run was not begun, or how it ended: the answer of a Worker that is not 2xx, or what the page itself has found. */
export class RunError extends Error {
  override readonly name = "RunError";

  constructor(
    readonly code: string,
    message: string,
    options?: { cause: unknown },
  ) {
    super(message, options);
  }
}
