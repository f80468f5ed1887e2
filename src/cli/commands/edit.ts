import type { Command } from "commander";
import { threadId } from "../arguments.js";
import type { Open } from "../context.js";
import { withExample } from "../help.js";

interface Options {
  from?: string;
  breakLease?: boolean;
  yes?: boolean;
}

export function addEdit(program: Command, open: Open): void {
  const command = program
    .command("edit")
    .description("change a thread's state in $VISUAL or $EDITOR; what was changed is put as an update on top of it")
    .argument("<thread>", "its id", threadId)
    .option("--from <file>", "take what stands in this file, without an editor")
    .option("--break-lease", "also where somebody has the thread, who loses it")
    .option("-y, --yes", "without a question")
    .action(async (thread: string, options: Options, command: Command) => {
      const context = await open(command);
      const { edit } = await import("../repair/edit.js");
      await edit(context, thread, options);
    });
  withExample(command, "edit user-42");
}
