import { isDynamoDBSaverError, type DynamoDBSaverErrorCode } from "langgraph-checkpoint-dynamodb";
import { RunError } from "./run-error.js";

/** An error as the page shows it. */
export interface Problem {
  code: string;
  message: string;
  remedy: string;
}

/** What a person at this page can do. The message itself says more about the particular case. */
const REMEDIES: Partial<Record<DynamoDBSaverErrorCode, string>> = {
  NETWORK: "Check that DynamoDB still runs and that this page can reach it. What was stored before is safe.",
  TIMEOUT: "DynamoDB was too slow to answer. Wait a moment; what was stored before is safe.",
  THROTTLED: "Wait a moment, then try again. If it happens often, raise the table's capacity.",
  TABLE_NOT_FOUND: "Create the table with setup(), or start the demo again: it does so.",
  ACCESS_DENIED: "Check the credentials and what their policy allows on this table.",
  CREDENTIALS: "Sign in again, or check the function that gives the credentials.",
  MISSING_DATA: "This checkpoint cannot be read. Go back to an earlier one in the history, and fork from there.",
  DAMAGED_DATA: "This checkpoint cannot be read. Go back to an earlier one in the history, and fork from there.",
  CONFLICT: "Another run has written to this thread. Read it again and go on from there.",
  THREAD_BUSY: "Another tab, or somebody else, is at it. Wait until that run is over, then read the thread again.",
  LEASE_LOST: "The thread was deleted, or another run has it by now. Read it again and go on from there.",
  UNSUPPORTED_FORMAT: "Upgrade langgraph-checkpoint-dynamodb to read this thread.",
};

const RUN_REMEDIES: Record<string, string> = {
  WORKER_UNREACHABLE: "Check that the Worker still runs. What was stored before is safe.",
  UNAUTHENTICATED: "Open the link that npm start has printed last, or reload the page and paste a token.",
  APPROVAL_SPENT: "Fork from the checkpoint before it, and answer the question anew.",
  NOTHING_TO_RESUME: "The question was answered, perhaps in another tab. Read the thread again.",
  WAITING_FOR_APPROVAL: "Answer the pending question first.",
};

/** What to tell of any error. */
export function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  if (isDynamoDBSaverError(error))
    return { code: error.code, message, remedy: REMEDIES[error.code] ?? "The message says what to change." };
  if (error instanceof RunError) {
    const { code } = error;
    return { code, message, remedy: RUN_REMEDIES[code] ?? REMEDIES[code as DynamoDBSaverErrorCode] ?? "Try again." };
  }
  return {
    code: error instanceof Error ? error.name : "UNKNOWN",
    message,
    remedy: "Reload the page. The thread is in DynamoDB and will be as it was.",
  };
}
