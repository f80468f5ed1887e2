import type { Command } from "commander";
import { threadIds } from "../arguments.js";
import type { Context, Open } from "../context.js";
import { FoundWrong } from "../errors.js";
import { withExample } from "../help.js";
import { adviseOnInterrupt } from "../interrupt.js";
import { counted } from "../numbers.js";
import { unknownAmong } from "../unknown-threads.js";

export function addDelete(program: Command, open: Open): void {
  const command = program
    .command("delete")
    .description("delete threads, with all that belongs to them")
    .argument("<thread...>", "their ids", threadIds)
    .option("-y, --yes", "without a question")
    .action(async (threads: string[], { yes }: { yes?: boolean }, command: Command) =>
      remove(await open(command), threads, yes),
    );
  withExample(command, "delete user-42 user-43 --yes");
}

async function remove(context: Context, threads: readonly string[], yes: boolean | undefined): Promise<void> {
  const { saver, options, output } = context;
  const unknown = await unknownAmong(context, threads);
  const names = threads.map((id) => JSON.stringify(id)).join(", ");
  if (
    !(await output.confirm(
      `Delete ${counted(threads.length, "thread")} of ${options.tableName} with all checkpoints: ${names}?`,
      yes,
    ))
  ) {
    output.note("Nothing was deleted.");
    return;
  }

  using progress = output.progress("Deleting", threads.length > 1 ? threads.length : undefined);
  let done = 0;
  const stopListening = context.onRequest((requests) =>
    progress.update(done, `${counted(done, "thread")}, ${counted(requests, "request")}`),
  );
  for (const id of threads) {
    adviseOnInterrupt(
      `${counted(done, "thread")} of ${threads.length} deleted. Run it again: a deletion that was cut short goes on.`,
    );
    await saver.deleteThread(id);
    done++;
  }
  stopListening();
  progress.stop();
  if (output.isJson) await output.json({ deleted: threads.filter((id) => !unknown.has(id)), unknown: [...unknown] });
  else await output.line(`Deleted ${counted(threads.length - unknown.size, "thread")}.`);
  if (unknown.size > 0) throw new FoundWrong();
}
