import type { Command } from "commander";
import { threadId, wholeNumber } from "../arguments.js";
import type { Open } from "../context.js";
import { UsageError } from "../errors.js";
import { withExample } from "../help.js";

interface Options {
  checkpoint?: string;
  channel?: string;
  namespace?: string;
  limit?: number;
  depth: number;
  verify?: boolean;
}

/** What fits on a screen or two. */
const DEFAULT_LIMIT = 50;

export function addInspect(program: Command, open: Open): void {
  const inspect = program
    .command("inspect")
    .argument("<thread>", "its id", threadId)
    .description(
      "show a thread's checkpoints, newest first, with forks, sizes and what each step changed; or the state at " +
        "one of them",
    )
    .option(
      "--checkpoint <id>",
      "the state at this one: an id, its beginning, or latest; ~2 behind it is its parent's parent",
    )
    .option("--channel <name>", "one channel's value there, and when it changed")
    .option("--namespace <name>", 'only this one; "" is the root graph\'s')
    .option(
      "--limit <number>",
      `at most so many checkpoints; 0 for all (default: ${DEFAULT_LIMIT}; with --json all)`,
      wholeNumber(0),
    )
    .option("--depth <number>", "with --checkpoint or --channel: so many levels of each value", wholeNumber(0), 3)
    .option("--verify", "read every value, to see what is damaged, and not only what is missing")
    .action(
      async (
        threadId: string,
        { checkpoint, channel, namespace: ns, limit, depth, verify }: Options,
        command: Command,
      ) => {
        if (verify && (checkpoint !== undefined || channel !== undefined))
          throw new UsageError(
            "--verify goes with the list of checkpoints. With --checkpoint and --channel, values are read anyway.",
          );
        const context = await open(command);
        const most = limit === 0 ? undefined : (limit ?? (context.output.isJson ? undefined : DEFAULT_LIMIT));
        // Not before they are needed, as the context itself.
        if (ns !== undefined)
          await (await import("../../inspect/namespaces.js")).requireNamespace(context.storage, threadId, ns);
        if (channel !== undefined)
          await (
            await import("../inspect/channel-view.js")
          ).showChannel(context, threadId, channel, { checkpoint, ns, limit: most, depth });
        else if (checkpoint !== undefined)
          await (
            await import("../inspect/checkpoint-view.js")
          ).showCheckpoint(context, threadId, checkpoint, { ns, depth });
        else
          await (
            await import("../inspect/timeline-view.js")
          ).showTimeline(context, threadId, { ns, limit: most, verify });
      },
    );
  withExample(inspect, "inspect user-42\ninspect user-42 --checkpoint latest --depth 5");
}
