/** 0 all went well, 1 it failed, 2 wrong usage, 130 interrupted. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The command line is wrong, or does not say enough. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Somebody said stop, at a question. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** It did what it should, and found something wrong: what there is to say was said. */
export class FoundWrong extends Error {
  override readonly name = "FoundWrong";
}
