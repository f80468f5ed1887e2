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
import { addEdit } from "./commands/edit.js";
import { addExport } from "./commands/export.js";
import { addImport } from "./commands/import.js";
import { addInspect } from "./commands/inspect.js";
import { addLease } from "./commands/lease.js";
import { addPrune } from "./commands/prune.js";
import { addRelease } from "./commands/release.js";
import { addRollback } from "./commands/rollback.js";
import { addSetup } from "./commands/setup.js";
import { addStore } from "./commands/store.js";
import { addThreads } from "./commands/threads.js";
import { addWatch } from "./commands/watch.js";
import { openContext } from "./context.js";
import { notWritten, report } from "./failures/failure.js";
import { EXIT } from "./errors.js";
import { addHelp, PROGRAM } from "./help.js";
import { interruption, listenForInterrupts } from "./interrupt.js";
import { addGlobalOptions, type GlobalOptions } from "./options.js";
import { outputOf } from "./output.js";

/** The program with every command. */
function createProgram(): Command {
  const program = new Command(PROGRAM);
  program
    .description("Look after the threads that LangGraph agents keep in DynamoDB and S3.")
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    // What is wrong is reported as every other failure is, for machines too.
    .configureOutput({
      outputError: () => undefined,
      writeErr: (text) => void (program.opts<GlobalOptions>().json || process.stderr.write(text)),
    });
  addGlobalOptions(program);
  program.commandsGroup("To see what is there:");
  addThreads(program, openContext);
  addInspect(program, openContext);
  addWatch(program, openContext);
  addDiff(program, openContext);
  addCost(program, openContext);
  addLease(program, openContext);
  program.commandsGroup("To take it along, and to repair it:");
  addExport(program, openContext);
  addImport(program, openContext);
  addCopy(program, openContext);
  addRollback(program, openContext);
  addEdit(program, openContext);
  addPrune(program, openContext);
  addDelete(program, openContext);
  addRelease(program, openContext);
  addStore(program, openContext);
  program.commandsGroup("To set up, and when something is wrong:");
  addSetup(program, openContext);
  addDoctor(program);
  addHelp(program);
  addCompletion(program, openContext);
  return program;
}

// Otherwise Node lets garbage grow to several times what is in use: 343 MB to prune 100,000 checkpoints, and so 198.
setFlagsFromString("--heap-growing-percent=10");
setFlagsFromString("--semi-space-growth-factor=1");

const program = createProgram();

// `| head` closes the pipe when it has seen enough.
process.stderr.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? EXIT.ok : EXIT.failed));
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? EXIT.ok : report(notWritten(error), outputOf(program))),
);
listenForInterrupts();

try {
  await program.parseAsync();
  // What ended in good order although Ctrl-C came.
  process.exitCode = interruption()?.exitCode ?? process.exitCode ?? EXIT.ok;
} catch (error) {
  process.exitCode = report(error, outputOf(program));
}
