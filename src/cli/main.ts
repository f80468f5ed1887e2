#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";
import { Command } from "commander";
import { version } from "../../package.json";
import { addCompletion } from "./commands/completion.js";
import { addCopy } from "./commands/copy.js";
import { addCost } from "./commands/cost.js";
import { addDelete } from "./commands/delete.js";
import { addDiff } from "./commands/diff.js";
import { addDoctor } from "./commands/doctor.js";
import { addExport } from "./commands/export.js";
import { addImport } from "./commands/import.js";
import { addInspect } from "./commands/inspect.js";
import { addPrune } from "./commands/prune.js";
import { addRelease } from "./commands/release.js";
import { addSetup } from "./commands/setup.js";
import { addThreads } from "./commands/threads.js";
import { openContext } from "./context.js";
import { report } from "./failure.js";
import { EXIT } from "./errors.js";
import { PROGRAM } from "./help.js";
import { interruption, listenForInterrupts } from "./interrupt.js";
import { addGlobalOptions } from "./options.js";
import { outputOf } from "./output.js";
import { plain } from "./text.js";

/** The program with every command. */
function createProgram(): Command {
  const program = new Command(PROGRAM)
    .description("Look after the threads that LangGraph agents keep in DynamoDB and S3.")
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.split("\n").map(plain).join("\n")) });
  addGlobalOptions(program);
  program.commandsGroup("To see what is there:");
  addThreads(program, openContext);
  addInspect(program, openContext);
  addDiff(program, openContext);
  addCost(program, openContext);
  program.commandsGroup("To take it along, and to repair it:");
  addExport(program, openContext);
  addImport(program, openContext);
  addCopy(program, openContext);
  addPrune(program, openContext);
  addDelete(program, openContext);
  addRelease(program, openContext);
  program.commandsGroup("To set up, and when something is wrong:");
  addSetup(program, openContext);
  addDoctor(program);
  program.addHelpCommand(
    program
      .createCommand("help")
      .argument("[command]")
      .description("say more about a command")
      .helpGroup("To set up, and when something is wrong:"),
  );
  addCompletion(program, openContext);
  return program;
}

// Otherwise Node lets garbage grow to several times what is in use: 343 MB to prune 100,000 checkpoints, and so 198.
setFlagsFromString("--heap-growing-percent=10");
setFlagsFromString("--semi-space-growth-factor=1");

// `| head` closes the pipe when it has seen enough.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.failed));
}
listenForInterrupts();

const program = createProgram();
try {
  await program.parseAsync();
  // What ended in good order although Ctrl-C came.
  process.exitCode = interruption()?.exitCode ?? process.exitCode ?? EXIT.ok;
} catch (error) {
  process.exitCode = report(error, outputOf(program));
}
