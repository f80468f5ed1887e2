import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { atEndOfProcess } from "../../../scripts/lib/servers/daemon.js";
import type { Running } from "./pool.js";

/** A runtime with a command of its own. @param args of the command, in front of the file */
export function openCommand(command: string, args: string[], bundle: string): Promise<Running> {
  const mark = `${crypto.randomUUID()} `;
  const child = spawn(command, [...args, bundle, mark], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  const forget = atEndOfProcess(() => void child.kill("SIGKILL"));
  const closed = once(child, "close").then(forget);
  closed.catch(() => undefined); // it could not be started: an order says so
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return Promise.resolve({
    async run(order, onLine) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      for (let next = await lines.next(); ; next = await lines.next()) {
        if (next.done) {
          await closed;
          throw new Error(
            `${command} ended with ${child.signalCode ?? `exit code ${child.exitCode}`} while it ran ` +
              `${order.files.join(", ")}.`,
          );
        }
        if (!next.value.startsWith(mark)) process.stdout.write(`${next.value}\n`);
        else if (next.value === `${mark}done`) return;
        else onLine(next.value.slice(mark.length));
      }
    },
    async close() {
      child.kill("SIGKILL");
      await closed;
    },
  });
}
