import type { Colors } from "picocolors/types";

/*
 * What comes out of a table is data: a thread id can hold the sequence that clears a screen, or one that makes a
 * terminal read what follows from right to left. So every text is made harmless before it is shown, and only what this
 * program adds itself is coloured.
 */

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "magenta" | "blue";

/** A text with the styles that it gets where there is colour. */
export class Styled {
  constructor(
    readonly text: string,
    readonly styles: readonly Style[],
  ) {}
}

/** What can be shown. `undefined` is nothing, and numbers get no separators. */
export type Text = string | number | Styled | undefined;

export const styled = (text: string | number | undefined, ...styles: Style[]): Styled =>
  new Styled(text === undefined ? "" : String(text), styles);
export const bold = (text: string | number): Styled => styled(text, "bold");
export const dim = (text: string | number | undefined): Styled => styled(text, "dim");
export const red = (text: string | number): Styled => styled(text, "red");
export const green = (text: string | number): Styled => styled(text, "green");
export const yellow = (text: string | number): Styled => styled(text, "yellow");
export const cyan = (text: string | number): Styled => styled(text, "cyan");

const UNSHOWABLE = /[\p{Cc}\p{Cs}\p{Bidi_C}\u2028\u2029]/gu;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The same text with control characters, direction marks and halves of surrogate pairs written out. */
export function plain(text: string): string {
  return text.replace(UNSHOWABLE, (sign) => SHORT[sign] ?? escaped(sign));
}

/** The harmless text of whatever can be shown, without styles. */
export function plainOf(text: Text): string {
  if (text === undefined) return "";
  return plain(text instanceof Styled ? text.text : String(text));
}

/** A text that is harmless already, in the styles of the one it came from. */
export function painted(colors: Colors, harmless: string, from: Text): string {
  return from instanceof Styled && harmless !== ""
    ? from.styles.reduce((painting, style) => colors[style](painting), harmless)
    : harmless;
}

/**
 * JSON that parses to the same value, and shows nothing that acts on a terminal: such characters stand in its strings
 * only.
 */
export const harmlessJson = (json: string): string => json.replace(UNSHOWABLE, escaped);

/** A value as such JSON, on one line. */
export const jsonLine = (value: unknown): string => harmlessJson(JSON.stringify(value));

const escaped = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
