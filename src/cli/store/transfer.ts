import { createReadStream } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { isPlainObject } from "../../checks.js";
import type { Context } from "../context.js";
import { UsageError } from "../errors.js";
import { adviseOnInterrupt } from "../interrupt.js";
import { boundedLines } from "../lines.js";
import { counted } from "../numbers.js";
import { jsonLine } from "../text.js";
import { itemJson, openStore } from "./open-store.js";

/** Items read at once, and stored at once. */
const PAGE = 500;
const AT_ONCE = 25;

/** Writes the items of a namespace and of those below it as lines of JSON. */
export async function exportItems(context: Context, prefix: string[], file: string | undefined): Promise<void> {
  const { output } = context;
  const store = await openStore(context);
  using progress = output.progress("Exporting");
  let items = 0;
  async function* lines(): AsyncGenerator<string> {
    for (let found; (found = await store.search(prefix, { limit: PAGE, offset: items })).length > 0;) {
      for (const item of found) yield `${jsonLine(itemJson(item))}\n`;
      items += found.length;
      progress.update(items, counted(items, "item"));
    }
  }
  if (file === undefined) {
    for await (const line of lines()) await output.raw(line);
    return;
  }
  adviseOnInterrupt(`${file} was not written.`);
  const partial = `${file}.${process.pid}.partial`;
  try {
    await writeFile(partial, lines());
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
  progress.stop();
  if (output.isJson) await output.json({ namespace: prefix, file, items });
  else await output.line(`Exported ${counted(items, "item")} to ${file}.`);
}

/** Stores the items of an export, over those that are there. */
export async function importItems(
  context: Context,
  file: string | undefined,
  ttlSeconds: number | undefined,
): Promise<void> {
  const { output } = context;
  if (file === undefined && process.stdin.isTTY) throw new UsageError("Which file? Name it, or send it to stdin.");
  const store = await openStore(context);
  const source: Readable = file === undefined ? process.stdin : createReadStream(file);
  adviseOnInterrupt("What was stored stays. Run it again: it stores the same items again, and the rest.");
  using progress = output.progress("Importing");
  let items = 0;
  let waiting: ReturnType<typeof itemIn>[] = [];
  const flush = async (): Promise<void> => {
    await store.batch(waiting.map((item) => ({ ...item, ...(ttlSeconds !== undefined && { ttlSeconds }) })));
    items += waiting.length;
    waiting = [];
    progress.update(items, counted(items, "item"));
  };
  let number = 0;
  for await (const line of boundedLines(source as AsyncIterable<Uint8Array>)) {
    number++;
    if (line.trim() === "") continue;
    waiting.push(itemIn(line, number));
    if (waiting.length === AT_ONCE) await flush();
  }
  if (waiting.length > 0) await flush();
  progress.stop();
  if (output.isJson) await output.json({ items });
  else await output.line(`Stored ${counted(items, "item")}.`);
}

/** @throws UsageError when a line is not one of an export */
function itemIn(line: string, number: number): { namespace: string[]; key: string; value: Record<string, unknown> } {
  try {
    const { namespace, key, value } = JSON.parse(line) as Record<"namespace" | "key" | "value", unknown>;
    const isNamespace = Array.isArray(namespace) && namespace.every((label) => typeof label === "string");
    if (isNamespace && typeof key === "string" && isPlainObject(value))
      return { namespace, key, value: value as Record<string, unknown> };
  } catch {
    // As below: the parser's own error quotes the text.
  }
  throw new UsageError(
    `Line ${number} is not an item: { "namespace": ["…"], "key": "…", "value": { … } }. What came before it is stored.`,
  );
}
