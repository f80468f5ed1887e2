import { CommanderError } from "commander";
import type { AwsRequestError, DynamoDBSaverError } from "../../errors.js";
import { isDynamoDBSaverError } from "../../errors.js";
import { EXIT, FoundWrong, Interrupted, UsageError } from "../errors.js";
import { interruption } from "../interrupt.js";
import type { Output } from "../output.js";
import { messageOf, remedyFor } from "./remedies.js";
import { red } from "../text.js";

/** Says what went wrong, on stderr, and returns what the program ends with. */
export function report(error: unknown, output: Output): number {
  const interrupted = interruption();
  if (interrupted || error instanceof Interrupted) {
    output.note("interrupted.", interrupted?.advice ?? "Nothing was changed.");
    return interrupted?.exitCode ?? EXIT.interrupted;
  }
  if (error instanceof FoundWrong) return EXIT.failed;
  if (error instanceof CommanderError) return reportUsage(error, output);

  const { code, message, details } = described(error);
  const remedy = remedyFor(code, error);
  if (output.isJson) output.note(JSON.stringify({ error: { code, message, remedy, ...details } }));
  else {
    output.note(red("error:"), `${message} [${code}]`);
    if (remedy !== undefined) output.note(remedy);
  }
  if (output.isVerbose && error instanceof Error)
    for (const line of (error.stack ?? "").split("\n").slice(1)) output.note(line);
  return code === "USAGE" || code === "INVALID_CONFIG" ? EXIT.usage : EXIT.failed;
}

/** What commander has found wrong in the command line. Help that was asked for is no failure, and stands there. */
function reportUsage({ code: kind, exitCode, message: text }: CommanderError, output: Output): number {
  if (exitCode === 0) return EXIT.ok;
  const isHelp = kind === "commander.help";
  const message = isHelp ? "Which command? --help lists them." : text.replace(/^error: /, "");
  const remedy =
    kind === "commander.unknownOption"
      ? 'An id that begins with "-" goes behind "--", and options before it.'
      : undefined;
  if (output.isJson) output.note(JSON.stringify({ error: { code: "USAGE", message, remedy } }));
  else if (!isHelp) {
    const [first = "", ...more] = message.split("\n");
    output.note(red("error:"), first);
    for (const line of remedy === undefined ? more : [...more, remedy]) output.note(line);
  }
  return EXIT.usage;
}

function described(error: unknown): { code: string; message: string; details?: object } {
  if (error instanceof UsageError) return { code: "USAGE", message: error.message };
  if (isDynamoDBSaverError(error)) {
    const { service, operation, requestId } = error as Partial<AwsRequestError>;
    return {
      code: error.code,
      message: error.code === "CREDENTIALS" ? withCause(error) : messageOf(error),
      details: { service, operation, requestId },
    };
  }
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return {
    code: typeof code === "string" ? code : "UNEXPECTED",
    message: typeof message === "string" ? message : String(error),
  };
}

/** With what a provider of credentials says. One that runs a program quotes it, and that may hold a secret. */
function withCause({ message, cause }: DynamoDBSaverError): string {
  const said = cause instanceof Error ? cause.message : "";
  return said === "" || /\n|command failed/i.test(said)
    ? message
    : message.replace(/; see the cause of this error\.$/, `: ${said}`);
}

/** What is said where stdout takes no more, as on a disk that is full. */
export const notWritten = ({ code = "UNEXPECTED", message }: NodeJS.ErrnoException): Error =>
  Object.assign(new Error(`Stdout does not take what there is to write, so it is not whole: ${message}.`), { code });
