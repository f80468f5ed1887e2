import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Command } from "commander";
import { threadId } from "../arguments.js";
import type { Context, Open } from "../context.js";
import { withExample } from "../help.js";
import { adviseOnInterrupt } from "../interrupt.js";
import { bytes, counted } from "../numbers.js";
import { harmlessJson } from "../text.js";

export function addExport(program: Command, open: Open): void {
  const command = program
    .command("export")
    .description("write a thread as lines of JSON, byte for byte as it is stored")
    .argument("<thread>", "its id", threadId)
    .option("-o, --output <file>", "into a file, compressed if its name ends in .gz; else to stdout")
    .action(async (thread: string, { output: file }: { output?: string }, command: Command) => {
      const context = await open(command);
      await (file === undefined ? toStdout(context, thread) : toFile(context, thread, file));
    });
  withExample(command, "export user-42 -o user-42.jsonl.gz");
}

async function toStdout({ saver, output }: Context, thread: string): Promise<void> {
  using progress = output.progress("Exporting");
  let lines = 0;
  for await (const line of saver.exportThread(thread)) {
    progress.update(lines++, counted(lines, "item"));
    await output.raw(`${harmlessJson(line)}\n`);
  }
}

/** Under another name until it is whole: a file that is there is never replaced by a part. */
async function toFile({ saver, output, signal }: Context, thread: string, file: string): Promise<void> {
  adviseOnInterrupt(`${file} was not written.`);
  const partial = `${file}.${process.pid}.partial`;
  let lines = 0;
  let size = 0;
  try {
    using progress = output.progress("Exporting");
    async function* text(): AsyncGenerator<string> {
      for await (const line of saver.exportThread(thread)) {
        progress.update(lines++, counted(lines, "item"));
        yield `${line}\n`;
      }
    }
    const counter = new Transform({
      transform: (chunk: Uint8Array, _, done) => ((size += chunk.length), done(null, chunk)),
    });
    const compression = file.endsWith(".gz") ? [createGzip()] : [];
    await pipeline(
      [Readable.from(text(), { objectMode: false }), ...compression, counter, createWriteStream(partial)],
      { signal },
    );
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
  // The first line says what it is, and the last one how many there were.
  const items = lines - 2;
  if (output.isJson) await output.json({ threadId: thread, file, items, bytes: size });
  else
    await output.line(`Exported ${counted(items, "item")} of ${JSON.stringify(thread)} to ${file} (${bytes(size)}).`);
}
