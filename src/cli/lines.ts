import { invalidInput } from "../errors.js";

/**
 * More than a line of an export can have: an item of DynamoDB's 400 KB, in which each byte of a text may be written as
 * `\u0000`, and an object of S3, of the saver's 4 MiB, in base64. What is left of it, 330,000 bytes, is for names,
 * nonces and punctuation.
 */
const MAX_LINE_BYTES = 8 * 1_024 * 1_024;

const LINE_FEED = 10;

/**
 * The lines of a file, without line breaks. No more than one of them is ever in memory.
 *
 * @throws `INVALID_INPUT` when one is longer than an export's can be, before it was read whole, or is not UTF-8
 */
export async function* boundedLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let number = 1;
  let parts: Uint8Array[] = [];
  let length = 0;
  const add = (part: Uint8Array): void => {
    parts.push(part);
    length += part.length;
    if (length > MAX_LINE_BYTES)
      throw invalidInput(
        `Line ${number} is longer than ${MAX_LINE_BYTES} bytes, and no line of an export is. Import what export ` +
          "has written, as it is.",
      );
  };
  const take = (): string => {
    const line = decodedLine(parts, number++);
    parts = [];
    // Blank lines count with the one that comes after them: a few kilobytes may unpack to a hundred million of them.
    length = line.trim() === "" ? length + 1 : 0;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    add(chunk.subarray(start));
  }
  if (parts.length > 0) yield take();
}

function decodedLine(parts: readonly Uint8Array[], number: number): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    throw invalidInput(`Line ${number} is not UTF-8. Import what export has written, as it is.`);
  }
}
