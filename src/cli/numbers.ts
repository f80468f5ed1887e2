import prettyBytes from "pretty-bytes";

/** `12,345`: the same on every machine. */
export const count = (number: number): string => number.toLocaleString("en-US");

/** `12,345 checkpoints`, `1 checkpoint`. */
export const counted = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;

/** `1.23 MB`, of 1,000 bytes a kilobyte as AWS bills storage in S3. */
export const bytes = (number: number): string => prettyBytes(number);
