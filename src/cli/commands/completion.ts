import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";
import type { Open } from "../context.js";
import { isFilePlace } from "../file-places.js";
import { PROGRAM, withExample } from "../help.js";
import { outputOf } from "../output.js";

const DESCRIPTION = "print the script by which a shell completes commands, options and threads";
/** The answer that leaves it to the shell: names of files. */
const FILES = ":0\n";
/** Threads offered at once. */
const OFFERED = 50;
/** How long a shell waits for them, unless `CHECKPOINT_COMPLETION_MS` says otherwise. */
const PATIENCE_MS = 1_500;
/** What no shell takes for anything but a word. Other ids are not offered: what is completed is run at the next key. */
const IS_WORD = /^[\w.:@+,/][\w.:@+,/-]*$/;

/**
 * Adds `completion SHELL`, and the hidden command that the shell's script asks. Comes last: it looks at all the others.
 */
export function addCompletion(program: Command, open: Open): void {
  const root = tab(program, { completionCommandName: "completion" });
  const command = program.commands.find((one) => one.name() === "completion")!;
  command.description(DESCRIPTION);
  root.commands.get("completion")!.description = DESCRIPTION;
  command.action((shell: string) => outputOf(program).raw(scriptFor(root, shell)));
  withExample(command, "completion bash > ~/.langgraph-checkpoint-dynamodb.bash");
  command.addHelpText("after", "\nThen, in ~/.bashrc:\n  source ~/.langgraph-checkpoint-dynamodb.bash");

  let threads: string[] = [];
  for (const { arguments: names } of root.commands.values()) {
    for (const argument of names.values()) {
      if (["thread", "from", "thread..."].includes(argument.name))
        argument.handler = (complete) => threads.forEach((id) => complete(id, "thread"));
    }
  }
  // Its handlers cannot wait, so the threads are looked up before they are asked.
  program.hook("preAction", async (_, action) => {
    if (action.name() !== "complete") return;
    const words = action.args;
    const word = words.at(-1) ?? "";
    if (isFilePlace(program, words)) {
      await outputOf(program).raw(FILES);
      process.exit();
    }
    if (words.length > 1 && !word.startsWith("-")) threads = await threadsFrom(program, open, words.slice(0, -1), word);
  });
  // Also when a request is still under way.
  program.hook("postAction", (_, action) => {
    if (action.name() === "complete") process.exit();
  });
}

/** The script that a shell asks for its completions. */
function scriptFor(root: ReturnType<typeof tab>, shell: string): string {
  const lines: string[] = [];
  const { log } = console;
  // It can only print it.
  console.log = (text: string) => void lines.push(text);
  try {
    root.setup(PROGRAM, PROGRAM, shell);
  } finally {
    console.log = log;
  }
  // Without this, bash has no names of files to fall back on.
  return `${lines.join("\n").replace("\ncomplete -F", "\ncomplete -o default -F")}\n`;
}

/** Nothing where it cannot be found out in time: a shell that hangs at the tabulator is worse. */
async function threadsFrom(program: Command, open: Open, words: readonly string[], prefix: string): Promise<string[]> {
  const found: string[] = [];
  const look = async (): Promise<void> => {
    program.parseOptions([...words]);
    const { saver } = await open(program);
    for await (const { threadId } of saver.listThreads({ prefix, limit: OFFERED }))
      if (IS_WORD.test(threadId)) found.push(threadId);
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeUp = new Promise<void>(
    (resolve) => (timer = setTimeout(resolve, Number(process.env.CHECKPOINT_COMPLETION_MS) || PATIENCE_MS)),
  );
  await Promise.race([look().catch(() => undefined), timeUp]);
  clearTimeout(timer);
  return found;
}
