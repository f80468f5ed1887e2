import type { Command } from "commander";
import { threadId } from "../arguments.js";
import type { Context, Open } from "../context.js";
import { FoundWrong } from "../errors.js";
import { withExample } from "../help.js";
import { unknownAmong } from "../unknown-threads.js";

export function addRelease(program: Command, open: Open): void {
  const command = program
    .command("release")
    .description("free a thread whose holder is known to be dead; one that lives loses it")
    .argument("<thread>", "its id", threadId)
    .option("-y, --yes", "without a question")
    .action(async (thread: string, { yes }: { yes?: boolean }, command: Command) =>
      release(await open(command), thread, yes),
    );
  withExample(command, "release user-42 --yes");
}

async function release(context: Context, thread: string, yes: boolean | undefined): Promise<void> {
  const { saver, output } = context;
  const name = JSON.stringify(thread);
  const lease = await saver.getLease(thread);
  if (!lease) {
    const unknown = await unknownAmong(context, [thread]);
    if (output.isJson) await output.json({ threadId: thread, released: null });
    else output.note("Nobody has", name);
    if (unknown.size > 0) throw new FoundWrong();
    return;
  }
  const until = lease.until.toISOString();
  const question = `Take ${name} away from ${JSON.stringify(lease.holder)}, who has it until ${until}?`;
  if (!(await output.confirm(question, yes))) {
    output.note("Nothing was changed.");
    return;
  }
  const released = await saver.breakLease(thread);
  if (output.isJson)
    await output.json({ threadId: thread, released: released ? { holder: released.holder, until } : null });
  else await output.line(`${name} is free.`);
}
