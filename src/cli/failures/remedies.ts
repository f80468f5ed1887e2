import type { AwsRequestError, DynamoDBSaverError } from "../../errors.js";
import { isDynamoDBSaverError } from "../../errors.js";
import { NETWORK_REMEDIES, originOf, reasonOf } from "../endpoints.js";

/*
 * The library's errors name its options and methods. Who is at a command line has flags and commands instead.
 */

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
  THREAD_BUSY: "Wait for it. If that run is known to be dead: langgraph-checkpoint-dynamodb release",
};

/** What the options that messages name are called here. */
const FLAGS: Readonly<Record<string, string>> = {
  allowInsecureEndpoint: "--allow-insecure-endpoint",
  fromKeyPrefix: "--from-key-prefix",
  keyPrefix: "--key-prefix",
  tableName: "--table",
};

/** What of a message is about options and methods of the library, and stands in the remedy here by other names. */
const OF_THE_LIBRARY =
  / (Call setup\(\) once to create it, or check|Create it, or check|Try again later, or pass waitSeconds).*$/s;

/** What an error of the library says on the command line. */
export function messageOf(error: DynamoDBSaverError): string {
  const { code, message, cause } = error;
  const origin = originOf((error as Partial<AwsRequestError>).service);
  if (code === "NETWORK" && cause !== undefined && origin !== undefined) {
    return `The connection to ${origin} failed (${reasonOf(cause) ?? lastWords(cause)}).`;
  }
  const isOfNetwork = code === "NETWORK" || code === "TIMEOUT";
  if (isOfNetwork && origin !== undefined)
    return `${message.replace(" (requestTimeoutMs)", "").replace(/\.$/, "")} (${origin}).`;
  return message.replace(OF_THE_LIBRARY, "");
}

/** What the innermost cause says: `fetch failed` is all that the outermost one does. */
function lastWords(error: unknown): string {
  const { cause, message } = (error ?? {}) as { cause?: unknown; message?: unknown };
  return cause === undefined ? String(message ?? error) : lastWords(cause);
}

export function remedyFor(code: string, error: unknown): string | undefined {
  if (!isDynamoDBSaverError(error)) return undefined;
  const reason = code === "NETWORK" ? NETWORK_REMEDIES[reasonOf(error.cause) ?? ""] : undefined;
  return reason ?? flagFor(messageOf(error)) ?? REMEDIES[code as DynamoDBSaverError["code"]];
}

/** What a message that names an option of the library is on the command line, where it is there by another name. */
export function flagFor(message: string): string | undefined {
  const name = Object.keys(FLAGS).find((one) => new RegExp(`\\b${one}\\b`).test(message));
  return name === undefined ? undefined : `On the command line: ${FLAGS[name]}`;
}
