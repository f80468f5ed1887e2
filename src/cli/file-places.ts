import type { Command, Option } from "commander";

/** Whether the last word of a line that is being typed is the name of a file: of an option, or as an argument. */
export function isFilePlace(program: Command, words: readonly string[]): boolean {
  const before = words.slice(0, -1);
  const given: string[] = [];
  let command = program;
  let waiting: Option | undefined;
  for (const word of before) {
    const option = waiting ? undefined : optionOf(word, program, command);
    const next = command.commands.find((one) => one.name() === word);
    if (!waiting && !word.startsWith("-")) {
      if (next) command = next;
      else given.push(word);
    }
    waiting = option?.required ? option : undefined;
  }
  if (waiting) return waiting.flags.endsWith("<file>");
  return !words.at(-1)!.startsWith("-") && command.registeredArguments[given.length]?.name() === "file";
}

const optionOf = (word: string, ...commands: Command[]): Option | undefined =>
  commands.flatMap(({ options }) => options).find(({ long, short }) => word === long || word === short);
