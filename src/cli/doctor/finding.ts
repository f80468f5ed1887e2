import { AwsRequestError, isDynamoDBSaverError, type DynamoDBSaverError } from "../../errors.js";
import { PROGRAM } from "../help.js";

/** What one check came to. `"skipped"`: something before it is in the way, or nothing asked for it. */
export type Status = "ok" | "warning" | "wrong" | "skipped";

/** One line of the doctor's report. It never holds a secret or a stored value. */
export interface Finding {
  /** What was looked at, for example `"table"` or `"dynamodb:PutItem"`. */
  check: string;
  status: Status;
  /** What was found, in a sentence. */
  finding: string;
  /** What to do about it; absent where there is nothing to do. */
  remedy?: string;
}

/** Findings as they come. What it returns says whether the checks that depend on it make sense. */
export type Check = AsyncGenerator<Finding, boolean, undefined>;

export const ok = (check: string, finding: string): Finding => ({ check, status: "ok", finding });
export const warning = (check: string, finding: string, remedy: string): Finding => ({
  check,
  status: "warning",
  finding,
  remedy,
});
export const wrong = (check: string, finding: string, remedy: string): Finding => ({
  check,
  status: "wrong",
  finding,
  remedy,
});
export const skipped = (check: string, finding: string, remedy?: string): Finding => ({
  check,
  status: "skipped",
  finding,
  ...(remedy !== undefined && { remedy }),
});

/** An error that a check can tell of. Others, and that somebody has interrupted, end the doctor. */
export function reported(error: unknown): DynamoDBSaverError {
  if (isDynamoDBSaverError(error) && error.code !== "ABORTED") return error;
  throw error;
}

/** The credentials are known, and a policy does not allow this. */
export const isDenied = (error: DynamoDBSaverError): boolean =>
  error instanceof AwsRequestError && /^AccessDenied(Exception)?$/.test(error.serviceCode ?? "");

/** That a policy has to allow an action. */
export const denied = (action: string, what: string): Finding =>
  wrong(
    action,
    `These credentials may not ${what}.`,
    `Allow ${action} in their IAM policy. ${PROGRAM} setup --print iam prints one that fits.`,
  );
