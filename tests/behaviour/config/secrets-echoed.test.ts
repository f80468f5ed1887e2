import { isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { s3Error, type AwsRequest } from "../../lanes/stored/aws-requests.js";
import { emptyThread, putStep } from "../../lanes/savers/checkpoints.js";
import { useJitter } from "../../lanes/faults/clock.js";
import { awsError, errorOf, observedSaver, readNothing, type Fault } from "../../lanes/faults/faulty-fetch.js";
import { allOf } from "./all-of-error.js";

useJitter(0);

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "topSecretValue" };

describe("no event and no error holds what an endpoint echoes in", () => {
  const token = "IQoJb3JpZ2luX2VjEJrTopSecretSessionTokenOfSomebody/A+B==".repeat(6);
  const value = "Zebracorn".repeat(700);
  const s3 = { bucket: "bucket", endpoint: "http://127.0.0.1:1", thresholdBytes: 5_000 };
  const signatureOf = (headers: Headers): string => headers.get("authorization")!.split("Signature=")[1]!;

  const echoed: [what: string, of: (request: AwsRequest) => string][] = [
    ["the session token", ({ headers }) => headers.get("x-amz-security-token")!],
    ["the signature", ({ headers }) => signatureOf(headers)],
    ["all that is signed", ({ headers }) => headers.get("authorization")!],
    ["the body", ({ body }) => body.replace(/[^ -~]/g, "")],
  ];
  const encodings = [(text: string) => text, encodeURIComponent, btoa];

  test.each<[where: string, answer: (text: string) => Response]>([
    [
      "the message of a ValidationException",
      (text) => awsError("ValidationException", { message: `Not valid: ${text}` }),
    ],
    ["a message without a code", (text) => Response.json({ message: text }, { status: 500 })],
    ["the name of an error", (text) => awsError(text)],
    ["the name of an error that is tried again", (text) => awsError(text, { status: 500 })],
    ["the id of the request", (text) => awsError("Refused", { headers: { "x-amzn-requestid": text } })],
    ["the id of a request to S3", (text) => awsError("Refused", { headers: { "x-amz-request-id": text } })],
    ["the Code of an error of S3", (text) => s3Error(500, text)],
  ])("%s", async (where, answer) => {
    const isOfS3 = where.endsWith("of S3");
    for (const [what, of] of echoed) {
      for (const encode of encodings) {
        for (const length of [10_000, 60, 40]) {
          const fault: Fault = (request) => {
            if (isOfS3 && request.headers.has("x-amz-target")) return undefined;
            return answer(encode(of(request)).slice(0, length));
          };
          const { saver, events, sent } = observedSaver(fault, {
            credentials: { ...credentials, sessionToken: token },
            maxAttempts: 2,
            compression: "none",
            ...(isOfS3 && { s3 }),
          });
          const error = await errorOf(putStep(saver, emptyThread("t"), { a: value }));

          expect(isDynamoDBSaverError(error)).toBe(true);
          const shown = allOf(error) + JSON.stringify(events);
          const secrets = [token, value, ...sent.map(({ headers }) => signatureOf(headers))];
          const pieces = secrets
            .flatMap((text) => encodings.map((encoded) => encoded(text)))
            .flatMap((text) => Array.from({ length: text.length - 11 }, (_, i) => text.slice(i, i + 12)));
          expect(
            [...new Set(pieces)].filter((piece) => shown.includes(piece)),
            what,
          ).toEqual([]);
        }
      }
    }
  });

  test("DynamoDB's own words are told", async () => {
    const message =
      "One or more parameter values were invalid: Some AttributeValue of 'PK' is over the limit of 2048 bytes (twice).";
    const { saver } = observedSaver(() => awsError("ValidationException", { message }), { credentials });

    expect(await errorOf(readNothing(saver))).toMatchObject({
      message: expect.stringContaining(message),
      serviceCode: "ValidationException",
    });
  });
});
