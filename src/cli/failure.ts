import { CommanderError } from "commander";
import type { AwsRequestError, DynamoDBSaverError } from "../errors.js";
import { isDynamoDBSaverError } from "../errors.js";
import { EXIT, FoundWrong, Interrupted, UsageError } from "./errors.js";
import { interruption } from "./interrupt.js";
import type { Output } from "./output.js";
import { red } from "./text.js";

/** What to do about an error, where its message does not say so. */
export const REMEDIES: Readonly<Partial<Record<DynamoDBSaverError["code"], string>>> = {
  TABLE_NOT_FOUND: "Check --table and --region, or create it: langgraph-checkpoint-dynamodb setup",
  BUCKET_NOT_FOUND: "Check --s3-bucket and --s3-region.",
  ACCESS_DENIED: "What is missing: langgraph-checkpoint-dynamodb doctor",
  CREDENTIALS: "Check --profile and the AWS_* variables: langgraph-checkpoint-dynamodb doctor",
  NETWORK: "Check --endpoint and --region: langgraph-checkpoint-dynamodb doctor",
  TIMEOUT: "Run it again, or find out more: langgraph-checkpoint-dynamodb doctor",
  THROTTLED: "Run it again later, or raise the table's capacity.",
  DECRYPTION_FAILED: "Pass the key that it was written with: --encryption-key-file, --older-key-file",
  PLAINTEXT_REFUSED: "To read it all the same: --allow-plaintext",
  MISSING_DATA: "See what is left: langgraph-checkpoint-dynamodb inspect",
  DAMAGED_DATA: "See what is left: langgraph-checkpoint-dynamodb inspect",
};

/** What a message that names an option of the library is on the command line, where it is there by another name. */
export const flagFor = (message: string): string | undefined =>
  message.includes("allowInsecureEndpoint") ? "On the command line: --allow-insecure-endpoint" : undefined;

/** Says what went wrong, on stderr, and returns what the program ends with. */
export function report(error: unknown, output: Output): number {
  const interrupted = interruption();
  if (interrupted || error instanceof Interrupted) {
    output.note("interrupted.", interrupted?.advice ?? "Nothing was changed.");
    return interrupted?.exitCode ?? EXIT.interrupted;
  }
  if (error instanceof FoundWrong) return EXIT.failed;
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;

  const { code, message, details } = described(error);
  const remedy = flagFor(message) ?? REMEDIES[code as DynamoDBSaverError["code"]];
  if (output.isJson) output.note(JSON.stringify({ error: { code, message, remedy, ...details } }));
  else {
    output.note(red("error:"), `${message} [${code}]`);
    if (remedy !== undefined) output.note(remedy);
  }
  if (output.isVerbose && error instanceof Error)
    for (const line of (error.stack ?? "").split("\n").slice(1)) output.note(line);
  return code === "USAGE" || code === "INVALID_CONFIG" ? EXIT.usage : EXIT.failed;
}

function described(error: unknown): { code: string; message: string; details?: object } {
  if (error instanceof UsageError) return { code: "USAGE", message: error.message };
  if (isDynamoDBSaverError(error)) {
    const { service, operation, requestId } = error as Partial<AwsRequestError>;
    return {
      code: error.code,
      message: error.code === "CREDENTIALS" ? withCause(error) : error.message,
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
