import type { DynamoDBSaverErrorCode } from "../../errors.js";
import type { Answer } from "../client/exchange.js";
import { EXPIRED_TOKEN } from "../client/failure.js";
import { elementText } from "./xml.js";

/** What a policy has to allow for each operation. */
const IAM_ACTIONS = {
  GetObject: "s3:GetObject",
  PutObject: "s3:PutObject",
  DeleteObjects: "s3:DeleteObject",
  GetBucketLifecycleConfiguration: "s3:GetLifecycleConfiguration",
  PutBucketLifecycleConfiguration: "s3:PutLifecycleConfiguration",
};

export type Operation = keyof typeof IAM_ACTIONS;

const decoder = new TextDecoder();

/** Reads an error answer. */
export function parseError({ status, body }: Answer): { serviceCode: string | undefined; serviceMessage: string } {
  const xml = decoder.decode(body.subarray(0, 10_000));
  return { serviceCode: elementText(xml, "Code"), serviceMessage: `HTTP ${status}` };
}

/** What an error of S3 means here, and what to do about it. */
export function explain(
  operation: Operation,
  bucket: string,
  serviceCode: string | undefined,
): { code: DynamoDBSaverErrorCode; message: string } {
  const name = `bucket ${JSON.stringify(bucket)}`;
  switch (serviceCode) {
    case "NoSuchBucket":
      return {
        code: "BUCKET_NOT_FOUND",
        message: `There is no ${name}. Create it, or check s3.bucket, s3.region and s3.endpoint.`,
      };
    case "AccessDenied": {
      // "GetObject": without s3:ListBucket a missing object is reported as denied.
      const hint =
        operation === "GetObject" ? ", and s3:ListBucket, without which a missing object looks like this" : "";
      return {
        code: "ACCESS_DENIED",
        message:
          `These credentials may not do ${IAM_ACTIONS[operation]} on ${name}. Allow that action${hint} in their ` +
          "IAM policy.",
      };
    }
    case "RequestTimeTooSkewed":
    case "RequestExpired":
    case "SignatureDoesNotMatch":
    case "InvalidAccessKeyId":
      return {
        code: "ACCESS_DENIED",
        message:
          "S3 does not know these credentials, or refused the signature. Check the keys, s3.region, s3.endpoint, " +
          "and this machine's clock.",
      };
    case "ExpiredToken":
      return EXPIRED_TOKEN;
    default:
      // S3's own text can quote what was signed, and with it the session token.
      return {
        code: "SERVICE_ERROR",
        message: `${operation} on ${name} failed with ${serviceCode ?? "an unknown error"}.`,
      };
  }
}
