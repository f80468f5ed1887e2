import { GraphRecursionError, InvalidUpdateError } from "@langchain/langgraph/web";
import { isDynamoDBSaverError, type DynamoDBSaverErrorCode } from "langgraph-checkpoint-dynamodb";
import { ModelError } from "./model/openai-model.js";

/** An answer that is not 2xx: a status, a stable code, and a message that says what to send instead. */
export class HttpError extends Error {
  override readonly name = "HttpError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

/** The saver's messages hold no secret and no stored value, so they may be shown. */
const SAVER_STATUS: Record<DynamoDBSaverErrorCode, number> = {
  INVALID_INPUT: 400,
  INVALID_CONFIG: 500,
  CREDENTIALS: 503,
  TABLE_NOT_FOUND: 503,
  BUCKET_NOT_FOUND: 503,
  ACCESS_DENIED: 503,
  THROTTLED: 503,
  ABORTED: 503,
  NETWORK: 502,
  SERVICE_ERROR: 502,
  TIMEOUT: 504,
  MISSING_DATA: 500,
  DAMAGED_DATA: 500,
  UNSUPPORTED_FORMAT: 500,
  DECRYPTION_FAILED: 500,
  PLAINTEXT_REFUSED: 500,
  VALUE_TOO_LARGE: 500,
  CONFLICT: 409,
  THREAD_BUSY: 409,
  LEASE_LOST: 409,
};

/** What the client is told of any error. What nobody foresaw is logged here and told in general terms. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (isDynamoDBSaverError(error)) {
    const retryLater = error.code === "THROTTLED" ? { "retry-after": "1" } : undefined;
    return new HttpError(SAVER_STATUS[error.code], error.code, error.message, retryLater);
  }
  if (error instanceof ModelError) return new HttpError(502, "MODEL_FAILED", error.message);
  if (error instanceof InvalidUpdateError) {
    return new HttpError(
      400,
      "INVALID_UPDATE",
      "The graph did not accept this update. Name the node it comes from in as_node.",
    );
  }
  if (error instanceof GraphRecursionError) {
    return new HttpError(
      500,
      "TOO_MANY_STEPS",
      "The agent went round in circles and was stopped. Fork from an earlier checkpoint.",
    );
  }
  console.error(error);
  return new HttpError(500, "INTERNAL", "Something went wrong in the Worker. Its log says what.");
}

export const errorBody = ({ code, message }: HttpError) => ({ error: { code, message } });
