import type { AwsCredentials } from "langgraph-checkpoint-dynamodb";
import { vi } from "vitest";
import { awsError, type Fault, type SentRequest } from "../../lanes/faults/faulty-fetch.js";

/** A provider whose nth credentials have the id `KEYn`. */
export function numbered(lifetimeMs?: number) {
  let asked = 0;
  return vi.fn(async (): Promise<AwsCredentials> => {
    const expiration = lifetimeMs === undefined ? undefined : new Date(Date.now() + lifetimeMs);
    return { accessKeyId: `KEY${++asked}`, secretAccessKey: "topSecretValue", expiration };
  });
}

/** The id of the access key that a request was signed with. */
export const keyOf = ({ headers }: SentRequest): string =>
  /Credential=([^/]+)\//.exec(headers.get("authorization")!)![1]!;

export const expired: Fault = () => awsError("ExpiredTokenException");
