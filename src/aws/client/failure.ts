import type { DynamoDBSaverErrorCode } from "../../errors.js";
import type { AwsService } from "./events.js";
import { NO_RESPONSE, REDIRECTED, TIMED_OUT, TOO_LARGE, type Answer } from "./exchange.js";
import type { RetryKind } from "./retry.js";

/** Why an attempt failed. */
export interface Failure {
  code: DynamoDBSaverErrorCode;
  message: string;
  serviceCode?: string | undefined;
  retry?: RetryKind | undefined;
  serverAsksMs?: number;
  cause?: unknown;
}

/** An answer that is not one of the service. */
export const UNREADABLE: Failure = {
  code: "NETWORK",
  message: "The answer could not be read: it was cut short, or did not come from AWS.",
  retry: "transient",
};
/** What a service means that calls the session token expired. */
export const EXPIRED_TOKEN: Pick<Failure, "code" | "message"> = {
  code: "ACCESS_DENIED",
  message: "The session token has expired. Give a credentials function, which is asked again in time.",
};
/** Why there is no answer that counts. */
export function connectionFailure(
  error: unknown,
  answer: Answer | undefined,
  service: AwsService,
  requestTimeoutMs: number,
): Failure {
  if (error === TIMED_OUT) {
    const message = `No complete answer within ${requestTimeoutMs} ms (requestTimeoutMs).`;
    return { code: "TIMEOUT", message, retry: "transient" };
  }
  if (error === REDIRECTED) {
    const message =
      "The endpoint answered with a redirect, and a signed request follows none. Check the endpoint and region.";
    return { code: "NETWORK", message };
  }
  if (error === TOO_LARGE) {
    return {
      code: "VALUE_TOO_LARGE",
      message:
        service === "s3"
          ? "An object in S3 is longer than any that was stored: over maxValueBytes. Raise that option to read it."
          : "An answer is longer than any of the service. Check the endpoint, and who can write to the table.",
    };
  }
  if (error === NO_RESPONSE) {
    return { code: "NETWORK", message: "The option fetch did not return a Response." };
  }
  if (answer) {
    // Without its cause: a parser quotes the text that it could not read, and that may be a stored value.
    return UNREADABLE;
  }
  const message =
    "The connection to the endpoint failed. Check the endpoint, the region and the network; in a browser, also " +
    "that this page is allowed (CORS).";
  return { code: "NETWORK", message, retry: "transient", cause: error };
}
