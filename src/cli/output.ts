import { confirm, isCancel } from "@clack/prompts";
import type { Command } from "commander";
import picocolors from "picocolors";
import type { Colors } from "picocolors/types";
import { Interrupted, UsageError } from "./errors.js";
import { signal } from "./interrupt.js";
import { Progress } from "./progress.js";
import { tableLines, type Column, type Rows } from "./table.js";
import { jsonLine, painted, plain, plainOf, yellow, type Text } from "./text.js";
import { treeLines, type Tree } from "./tree.js";

/** For whom is shown what. */
export interface OutputOptions {
  /** For machines: nothing but JSON on stdout. */
  json?: boolean | undefined;
  /** `false`: no colour. Otherwise as the terminal and `NO_COLOR`, `FORCE_COLOR` and `TERM` say. */
  color?: boolean | undefined;
  verbose?: boolean | undefined;
}

/**
 * What a command shows. Results go to stdout; questions, progress and notes to stderr, so that they are never among
 * results.
 */
export class Output {
  /** Whether results are for machines: then a command calls {@link json} and nothing else. */
  readonly isJson: boolean;
  readonly isVerbose: boolean;
  /** Columns of the terminal. Endless where stdout is none, so that whatever reads it gets whole lines. */
  readonly width: number;
  readonly #colors: Colors;
  readonly #noteColors: Colors;

  constructor({ json = false, color = true, verbose = false }: OutputOptions) {
    this.isJson = json;
    this.isVerbose = verbose;
    this.width = process.stdout.isTTY ? Math.max(20, process.stdout.columns || 80) : Infinity;
    this.#colors = picocolors.createColors(color && hasColor(process.stdout));
    this.#noteColors = picocolors.createColors(color && hasColor(process.stderr));
  }

  /** Rows below each other, printed as they arrive: a listing of any length takes little memory. */
  async table(columns: readonly Column[], rows: Rows): Promise<void> {
    for await (const line of tableLines(columns, rows, this.width, this.#colors)) await this.#print(line);
  }

  async tree(root: Tree): Promise<void> {
    for (const line of treeLines(root, this.width, this.#colors)) await this.#print(line);
  }

  /** One line; parts are separated by a space. */
  async line(...parts: Text[]): Promise<void> {
    await this.#print(this.#line(this.#colors, parts));
  }

  /** One JSON document on one line: all of a result, or one of many that a command streams. */
  async json(value: unknown): Promise<void> {
    await this.#print(jsonLine(value));
  }

  /** Bytes as they are: an export, a completion script. */
  async raw(chunk: string | Uint8Array): Promise<void> {
    if (!process.stdout.write(chunk)) await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
  }

  /** A line for people on stderr, also beside JSON. */
  note(...parts: Text[]): void {
    process.stderr.write(`${this.#line(this.#noteColors, parts)}\n`);
  }

  warn(message: string): void {
    this.note(yellow("warning:"), message);
  }

  /** Shows how far long work is, where stderr is a terminal. `total` where it is known. */
  progress(label: string, total?: number): Progress {
    return new Progress(plain(label), total);
  }

  /**
   * Lets somebody decide before anything is destroyed.
   * @param yes what `--yes` says
   * @throws UsageError when nobody can be asked
   */
  async confirm(question: string, yes: boolean | undefined): Promise<boolean> {
    if (yes) return true;
    if (!process.stdin.isTTY || !process.stderr.isTTY)
      throw new UsageError(`${question} There is no terminal to ask on: add --yes if it shall be done.`);
    const answer = await confirm({ message: plain(question), initialValue: false, output: process.stderr, signal });
    if (isCancel(answer)) throw new Interrupted();
    return answer;
  }

  #line(colors: Colors, parts: readonly Text[]): string {
    return parts.map((part) => painted(colors, plainOf(part), part)).join(" ");
  }

  async #print(line: string): Promise<void> {
    await this.raw(`${line}\n`);
  }
}

/** The output that the options of a command ask for. */
export const outputOf = (command: Command): Output => new Output(command.optsWithGlobals<OutputOptions>());

/**
 * https://no-color.org and https://force-color.org: set is what is not empty; `FORCE_COLOR=0` is Node's way to say no.
 */
function hasColor({ isTTY }: { isTTY?: boolean }): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return isTTY === true && TERM !== "dumb";
}
