import type { Command } from "commander";
import { duration, statusesIn, threadId } from "../arguments.js";
import type { Open } from "../context.js";
import { UsageError } from "../errors.js";
import { withExample } from "../help.js";
import type { Status } from "../../inspect/statuses.js";

interface Options {
  interval?: number;
  until?: ReadonlySet<Status>;
}

const DEFAULT_SECONDS = 2;

export function addWatch(program: Command, open: Open): void {
  const command = program
    .command("watch")
    .description("follow a thread: its checkpoints as they come, and what it is doing; until Ctrl-C")
    .argument("<thread>", "its id", threadId)
    .option(
      "--interval <duration>",
      `how often it is looked at: 1 request each time (default: "${DEFAULT_SECONDS}s")`,
      duration,
    )
    .option("--until <list>", "end as soon as it is one of these, for example done,failed,waiting", statusesIn)
    .action(async (thread: string, { interval = DEFAULT_SECONDS, until }: Options, command: Command) => {
      if (interval <= 0) throw new UsageError("--interval must be longer than nothing.");
      const context = await open(command);
      const { watchThread } = await import("../inspect/watch-view.js");
      await watchThread(context, thread, interval * 1_000, until);
    });
  withExample(command, "watch user-42\nwatch user-42 --until done,failed,waiting");
}
