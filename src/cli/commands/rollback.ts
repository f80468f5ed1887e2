import type { Command } from "commander";
import { threadId } from "../arguments.js";
import type { Open } from "../context.js";
import { withExample } from "../help.js";

interface Options {
  dryRun?: boolean;
  breakLease?: boolean;
  yes?: boolean;
}

export function addRollback(program: Command, open: Open): void {
  const command = program
    .command("rollback")
    .description("let a thread go on from an earlier checkpoint: a copy of it becomes the latest, and nothing goes")
    .argument("<thread>", "its id", threadId)
    .argument("<checkpoint>", "an id, its beginning, or latest~2: the parent's parent of the latest")
    .option("--dry-run", "only say what would be done")
    .option("--break-lease", "also where somebody has the thread, who loses it")
    .option("-y, --yes", "without a question")
    .action(async (thread: string, checkpoint: string, options: Options, command: Command) => {
      const context = await open(command);
      const { rollback } = await import("../repair/rollback.js");
      await rollback(context, thread, checkpoint, options);
    });
  withExample(command, "rollback user-42 latest~1 --dry-run");
}
