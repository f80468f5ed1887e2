import type { Command } from "commander";
import { threadId } from "../arguments.js";
import type { Open } from "../context.js";
import { withExample } from "../help.js";

interface Options {
  namespace?: string;
}

export function addDiff(program: Command, open: Open): void {
  const diff = program
    .command("diff")
    .argument("<thread>", "its id", threadId)
    .argument("<checkpoint>", "an id, its beginning, or latest; ~2 behind it is its parent's parent")
    .argument("[other]", "what the first is compared with; without it, the first with its parent")
    .description("show what is different between two checkpoints: channels, and what is inside of them")
    .option("--namespace <name>", 'look only here; "" is the root graph\'s')
    .action(
      async (
        threadId: string,
        first: string,
        second: string | undefined,
        { namespace: ns }: Options,
        command: Command,
      ) => {
        const context = await open(command);
        // Not before it is needed, as the context itself.
        const { showDiff } = await import("../inspect/diff-view.js");
        if (ns !== undefined)
          await (await import("../../inspect/namespaces.js")).requireNamespace(context.storage, threadId, ns);
        await showDiff(context, threadId, first, second, ns);
      },
    );
  withExample(diff, "diff user-42 latest\ndiff user-42 latest~3 latest");
}
