/*
 * Ctrl-C ends what is under way in good order, once; a second one ends the program at once. The signal goes into every
 * request.
 */

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Name = keyof typeof EXIT_CODES;

const controller = new AbortController();
let received: Name | undefined;
let advice = "Nothing was changed.";

/** Fires when the program shall end. */
export const signal: AbortSignal = controller.signal;

/** What the user is told after an interruption from now on: what was done, and how to go on. */
export function adviseOnInterrupt(text: string): void {
  advice = text;
}

/** What an interruption ends with; `undefined` where there was none. */
export const interruption = (): { exitCode: number; advice: string } | undefined =>
  received === undefined ? undefined : { exitCode: EXIT_CODES[received], advice };

let isPaused = false;

/** While somebody works in an editor, Ctrl-C is the editor's. */
export async function whilePaused<T>(work: () => Promise<T>): Promise<T> {
  isPaused = true;
  try {
    return await work();
  } finally {
    isPaused = false;
  }
}

export function interrupt(name: Name): void {
  if (isPaused && name === "SIGINT") return;
  // The cursor may be hidden by a progress bar.
  if (received !== undefined) {
    if (process.stderr.isTTY) process.stderr.write("\u001b[?25h");
    process.exit(EXIT_CODES[name]);
  }
  received = name;
  controller.abort();
}

export function listenForInterrupts(): void {
  for (const name of Object.keys(EXIT_CODES) as Name[]) process.on(name, () => interrupt(name));
}
