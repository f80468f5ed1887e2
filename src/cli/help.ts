import type { Command } from "commander";

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
