import { RunError } from "./run-error.js";

/** An error as the page shows it. */
export interface Problem {
  code: string;
  message: string;
  remedy: string;
}

/** What a person at this page can do. The message itself says more about the particular case. */
const REMEDIES: Record<string, string> = {
  NETWORK: "Check that DynamoDB still runs and that the agent can reach it. What was stored before is safe.",
  TIMEOUT: "DynamoDB was too slow to answer. Wait a moment; what was stored before is safe.",
  THROTTLED: "Wait a moment, then try again. If it happens often, raise the table's capacity.",
  TABLE_NOT_FOUND: "Create the table with setup(), or start the demo again: it does so.",
  ACCESS_DENIED: "Check the credentials and what their policy allows on this table.",
  CREDENTIALS: "Sign in again, or check the function that gives the credentials.",
  MISSING_DATA: "This checkpoint cannot be read. Go back to an earlier one in the history, and fork from there.",
  DAMAGED_DATA: "This checkpoint cannot be read. Go back to an earlier one in the history, and fork from there.",
  UNSUPPORTED_FORMAT: "Upgrade langgraph-checkpoint-dynamodb to read this thread.",
  THREAD_BUSY: "Another tab, or somebody else, is at it. Wait until that run is over, then read the thread again.",
  SERVER_UNREACHABLE: "Check that the server still runs. What was stored before is safe.",
  UNAUTHENTICATED: "Open the link that npm start has printed last, or reload the page and paste a token.",
  APPROVAL_SPENT: "Fork from the checkpoint before it, and answer the question anew.",
  NOTHING_TO_RESUME: "The question was answered, perhaps in another tab. Read the thread again.",
};

/** What to tell of any error. */
export function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  const { status, text } = error as { status?: unknown; text?: unknown };
  const problem = (code: string, said = message): Problem => ({
    code,
    message: said,
    remedy: REMEDIES[code] ?? "Try again.",
  });
  if (error instanceof RunError) return problem(error.code);
  // The names that LangGraph's client gives its errors.
  if (error instanceof Error && error.name === "ConnectionError")
    return problem("SERVER_UNREACHABLE", "The server of the agent does not answer.");
  if (typeof status === "number" && typeof text === "string") return problem(codeOf(status, text), text);
  return {
    code: error instanceof Error ? error.name : "UNKNOWN",
    message,
    remedy: "Reload the page. The thread is in DynamoDB and will be as it was.",
  };
}

/** A server says in words what is the matter. */
function codeOf(status: number, text: string): string {
  if (status === 401) return "UNAUTHENTICATED";
  if ((status === 409 || status === 422) && /\bbusy\b/.test(text)) return "THREAD_BUSY";
  if (status === 409 && text.startsWith("A person has approved")) return "APPROVAL_SPENT";
  return /^The storage failed \((\w+)\)/.exec(text)?.[1] ?? `HTTP_${status}`;
}
