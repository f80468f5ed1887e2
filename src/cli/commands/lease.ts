import type { Command } from "commander";
import { threadId } from "../arguments.js";
import type { Context, Open } from "../context.js";
import { FoundWrong } from "../errors.js";
import { withExample } from "../help.js";
import { unknownAmong } from "../unknown-threads.js";

export function addLease(program: Command, open: Open): void {
  const command = program
    .command("lease")
    .description("show who has a thread to itself, and until when")
    .argument("<thread>", "its id", threadId)
    .action(async (thread: string, _: object, command: Command) => show(await open(command), thread));
  withExample(command, "lease user-42");
}

async function show(context: Context, thread: string): Promise<void> {
  const { saver, output } = context;
  const lease = await saver.getLease(thread);
  const unknown = lease ? new Set() : await unknownAmong(context, [thread]);
  const until = lease?.until.toISOString();
  if (output.isJson)
    await output.json({
      threadId: thread,
      lease: lease ? { holder: lease.holder, until, token: lease.token } : null,
    });
  else if (lease)
    await output.line(`${JSON.stringify(lease.holder)} has ${JSON.stringify(thread)} until ${until}, and may renew.`);
  else await output.line(`Nobody has ${JSON.stringify(thread)}.`);
  if (unknown.size > 0) throw new FoundWrong();
}
