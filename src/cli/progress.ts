import { Format, SingleBar } from "cli-progress";
import { plain } from "./text.js";

const SHOWS_BAR = 60;

/**
 * How far long work is: a bar where the total is known, else a number that grows. On stderr, and only where that is a
 * terminal.
 */
export class Progress implements Disposable {
  readonly #bar: SingleBar | undefined;

  constructor(label: string, total: number | undefined) {
    if (!process.stderr.isTTY || process.env.TERM === "dumb") return;
    const columns = process.stderr.columns || 80;
    const bar = total === undefined ? "" : columns < SHOWS_BAR ? " {percentage}%" : " {bar} {percentage}%";
    this.#bar = new SingleBar({
      stream: process.stderr,
      format: `${label}${bar} {text}`,
      barsize: Math.min(30, Math.max(10, columns - 50)),
      barCompleteChar: "━",
      barIncompleteChar: "─",
      formatBar: Format.BarFormat,
      clearOnComplete: true,
      hideCursor: true,
      linewrap: false,
      fps: 10,
    });
    this.#bar.start(total ?? 1, 0, { text: "" });
  }

  /** @param text what to say beside it, for example `"1,200 checkpoints"` */
  update(done: number, text = ""): void {
    this.#bar?.update(done, { text: plain(text) });
  }

  /** Takes it off the screen. */
  stop(): void {
    this.#bar?.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
