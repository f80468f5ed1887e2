import type { Command } from "commander";
import { threadId } from "../arguments.js";
import type { Open } from "../context.js";
import { withExample } from "../help.js";
import { adviseOnInterrupt } from "../interrupt.js";
import { counted } from "../numbers.js";

export function addCopy(program: Command, open: Open): void {
  const command = program
    .command("copy")
    .description("store a thread under another id as well")
    .argument("<from>", "its id", threadId)
    .argument("<to>", "the id of the copy, which must not be there yet", threadId)
    .action(async (from: string, to: string, _: object, command: Command) => {
      const { saver, output } = await open(command);
      adviseOnInterrupt("There is no copy yet: it is there when it is complete. Run it again.");
      using progress = output.progress("Copying");
      const { items } = await saver.copyThread(from, to, {
        onProgress: ({ items }) => progress.update(items, counted(items, "item")),
      });
      progress.stop();
      if (output.isJson) await output.json({ from, to, items });
      else await output.line(`Copied ${counted(items, "item")} of ${JSON.stringify(from)} to ${JSON.stringify(to)}.`);
    });
  withExample(command, "copy user-42 user-42-before-repair");
}
