import type { DynamoDBSaverErrorCode } from "../../errors.js";
import type { Answer } from "../client/exchange.js";
import { EXPIRED_TOKEN } from "../client/failure.js";

/** What a policy has to allow for each operation. "QueryVectors": a filter, or metadata, takes the second one too. */
const IAM_ACTIONS = {
  CreateVectorBucket: "s3vectors:CreateVectorBucket",
  CreateIndex: "s3vectors:CreateIndex",
  GetIndex: "s3vectors:GetIndex",
  PutVectors: "s3vectors:PutVectors",
  DeleteVectors: "s3vectors:DeleteVectors",
  QueryVectors: "s3vectors:QueryVectors and s3vectors:GetVectors",
};

export type Operation = keyof typeof IAM_ACTIONS;

const decoder = new TextDecoder();

/** Reads an error answer: its name stands in a header, or as with other services of AWS in the body. */
export function parseError({ headers, body }: Answer): { serviceCode: string | undefined; serviceMessage: string } {
  const { __type, code, message, Message } = textsIn(body);
  return {
    serviceCode: nameOf(headers.get("x-amzn-errortype") ?? __type ?? code),
    // One line of it: enough to act on. It names vectors by their keys, which are hashes.
    serviceMessage: String(message ?? Message ?? "")
      .split("\n", 1)[0]!
      .slice(0, 300),
  };
}

function textsIn(body: Uint8Array): Partial<Record<string, string>> {
  try {
    return Object(JSON.parse(decoder.decode(body))) as Partial<Record<string, string>>;
  } catch {
    return {};
  }
}

/** `namespace#Name:uri` is `Name`. */
const nameOf = (text: unknown): string | undefined =>
  typeof text === "string" ? text.split(":", 1)[0]!.split("#").pop() : undefined;

/** What an error of S3 Vectors means here, and what to do about it. */
export function explain(
  operation: Operation,
  place: string,
  serviceCode: string | undefined,
  serviceMessage: string,
): { code: DynamoDBSaverErrorCode; message: string } {
  switch (serviceCode) {
    case "NotFoundException":
      return {
        code: "BUCKET_NOT_FOUND",
        message:
          `There is no ${place}. Call setup() of the index once to create it, or check vectorBucketName, ` +
          "indexName, region and endpoint.",
      };
    case "AccessDeniedException":
      return {
        code: "ACCESS_DENIED",
        message:
          `These credentials may not do ${IAM_ACTIONS[operation]} on ${place}. Allow that in their IAM policy or ` +
          "in the vector bucket's.",
      };
    case "UnrecognizedClientException":
    case "InvalidClientTokenId":
    case "MissingAuthenticationTokenException":
    case "IncompleteSignatureException":
    case "InvalidSignatureException":
    case "SignatureDoesNotMatch":
      // AWS's own text quotes the signed headers, and with them the session token.
      return {
        code: "ACCESS_DENIED",
        message:
          "S3 Vectors does not know these credentials, or refused the signature. Check the keys, the region, and " +
          "this machine's clock.",
      };
    case "ExpiredTokenException":
    case "ExpiredToken":
      return EXPIRED_TOKEN;
    case "TooManyRequestsException":
    case "ThrottlingException":
      return {
        code: "THROTTLED",
        message:
          `S3 Vectors throttled ${operation} on ${place}: an index takes 1,000 puts and deletes, or 2,500 vectors, ` +
          "a second. Spread the load over time, or over several indexes.",
      };
    case "ValidationException":
      return {
        code: "SERVICE_ERROR",
        message: `${operation} on ${place} was refused as not valid: ${serviceMessage}`,
      };
    default:
      return {
        code: "SERVICE_ERROR",
        message: `${operation} on ${place} failed with ${serviceCode ?? "an unknown error"}.`,
      };
  }
}
