/** Why a run was not begun, or how it ended: a Worker has answered so, or the page has found it. */
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
