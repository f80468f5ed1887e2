import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { PassThrough, Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, type Gunzip } from "node:zlib";
import type { Command } from "commander";
import { threadId } from "../arguments.js";
import type { Context, Open } from "../context.js";
import { invalidInput } from "../../errors.js";
import { UsageError } from "../errors.js";
import { withExample } from "../help.js";
import { adviseOnInterrupt } from "../interrupt.js";
import { boundedLines } from "../lines.js";
import { counted } from "../numbers.js";

interface Options {
  as?: string;
  fromKeyPrefix?: string;
}

export function addImport(program: Command, open: Open): void {
  const command = program
    .command("import")
    .description("store a thread from an export")
    .argument("[file]", "the export, compressed or not; else from stdin")
    .option("--as <thread>", "store it under this id; else under the one it had", threadId)
    .option("--from-key-prefix <prefix>", "of the saver that has made the export; else --key-prefix")
    .action(async (file: string | undefined, options: Options, command: Command) =>
      take(await open(command), file, options),
    );
  withExample(command, "import user-42.jsonl.gz --as user-42-restored");
}

async function take(
  { saver, output, signal }: Context,
  file: string | undefined,
  { as: threadId, fromKeyPrefix }: Options,
): Promise<void> {
  if (file === undefined && process.stdin.isTTY) throw new UsageError("Which file? Name it, or send it to stdin.");
  adviseOnInterrupt(
    "There is no such thread yet: it is there when it is complete. Run it again; until then its id stays listed.",
  );
  const total = file === undefined ? undefined : (await stat(file)).size;
  const source = file === undefined ? process.stdin : createReadStream(file);
  using progress = output.progress("Importing", total);
  let bytesRead = 0;
  const counter = new Transform({
    transform: (chunk: Uint8Array, _, done) => ((bytesRead += chunk.length), done(null, chunk)),
  });
  const stop = new AbortController();
  const bytes = await unzipped(source);
  // Its failure ends the reading of lines, and says there what it was.
  const reading = pipeline([source, counter, bytes], { signal: AbortSignal.any([signal, stop.signal]) });
  reading.catch(() => undefined);
  try {
    const onProgress = ({ items }: { items: number }): void =>
      progress.update(total === undefined ? items : bytesRead, counted(items, "item"));
    const { threadId: id, items } = await saver.importThread(boundedLines(bytes), {
      threadId,
      fromKeyPrefix,
      onProgress,
    });
    progress.stop();
    if (output.isJson) await output.json({ threadId: id, items });
    else await output.line(`Imported ${counted(items, "item")} as ${JSON.stringify(id)}.`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith("Z_")) throw error;
    throw invalidInput(`The export cannot be unpacked (${message}): it was cut short, or changed. Export it again.`);
  } finally {
    stop.abort();
  }
}

/** By what it begins with, not by its name: stdin has none. */
async function unzipped(source: Readable): Promise<PassThrough | Gunzip> {
  const first = await firstChunk(source);
  return first[0] === 0x1f && first[1] === 0x8b ? createGunzip() : new PassThrough();
}

async function firstChunk(source: Readable): Promise<Uint8Array> {
  await new Promise<void>((resolve, reject) => {
    source.once("readable", resolve).once("error", reject);
  });
  const chunk = (source.read() ?? new Uint8Array()) as Uint8Array;
  if (chunk.length > 0) source.unshift(chunk);
  return chunk;
}
