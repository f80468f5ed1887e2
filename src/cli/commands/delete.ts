import type { Command } from "commander";
import { threadIds } from "../arguments.js";
import type { Context, Open } from "../context.js";
import { FoundWrong, UsageError } from "../errors.js";
import { withExample } from "../help.js";
import { adviseOnInterrupt } from "../interrupt.js";
import { counted } from "../numbers.js";
import { unknownAmong } from "../unknown-threads.js";

interface Options {
  checkpoint?: string;
  namespace?: string;
  yes?: boolean;
}

export function addDelete(program: Command, open: Open): void {
  const command = program
    .command("delete")
    .description("delete threads, with all that belongs to them; or one checkpoint of a thread")
    .argument("<thread...>", "their ids", threadIds)
    .option("--checkpoint <id>", "only this one of the thread: an id, its beginning, or latest~2")
    .option("--namespace <name>", 'with --checkpoint: look only here; "" is the root graph\'s')
    .option("-y, --yes", "without a question")
    .action(async (threads: string[], { checkpoint, namespace, yes }: Options, command: Command) => {
      if (checkpoint === undefined && namespace !== undefined)
        throw new UsageError("--namespace goes with --checkpoint. A thread goes with all of its namespaces.");
      const [thread, ...more] = threads;
      if (checkpoint !== undefined && more.length > 0) throw new UsageError("--checkpoint is of one thread.");
      const context = await open(command);
      if (checkpoint === undefined) return remove(context, threads, yes);
      const { deleteCheckpoint } = await import("../repair/delete-checkpoint.js");
      await deleteCheckpoint(context, thread!, checkpoint, namespace, yes);
    });
  withExample(command, "delete user-42 user-43 --yes\ndelete user-42 --checkpoint 1f1d69eb-da3c-6700");
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
