import type { Command } from "commander";
import { UsageError } from "./errors.js";

export const PROGRAM = "langgraph-checkpoint-dynamodb";

/** Ends a command's help with an example, and says where the options are that all commands have. */
export function withExample(command: Command, example: string): Command {
  const lines = example.split("\n").map((line) => `  $ ${PROGRAM} ${line}`);
  return command.addHelpText(
    "after",
    `\nExample:\n${lines.join("\n")}\n\nThe options of all commands, for the table, S3, keys and JSON: ` +
      `${PROGRAM} --help`,
  );
}

/** Commander's own answers a name that is not there as if none had been given. */
export function addHelp(program: Command): void {
  program
    .helpCommand(false)
    .command("help")
    .description("say more about a command")
    .argument("[command...]")
    .action((names: string[]) => {
      let command = program;
      for (const name of names) {
        const next = command.commands.find((one) => one.name() === name);
        if (!next)
          throw new UsageError(
            `There is no command ${JSON.stringify(names.join(" "))}. --help lists those that there are.`,
          );
        command = next;
      }
      command.help();
    });
}
