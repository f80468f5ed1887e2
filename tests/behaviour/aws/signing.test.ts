import { describe, expect, test, vi } from "vitest";
import { useFakeClock } from "../../lanes/faults/clock.js";
import {
  awsError,
  first,
  nothingFound,
  observedSaver,
  readNothing,
  type Fault,
  type SentRequest,
} from "../../lanes/faults/faulty-fetch.js";
import { signedAt } from "../../lanes/stored/signed-at.js";

/* Needs no server. */

useFakeClock();

const signatureOf = ({ headers }: SentRequest): string =>
  /Signature=([0-9a-f]{64})$/.exec(headers.get("authorization")!)![1]!;

describe("a signature", () => {
  test("has the form that AWS asks for", async () => {
    vi.setSystemTime("2026-02-03T04:05:06Z");
    const { saver, sent } = observedSaver(nothingFound, {
      credentials: { accessKeyId: "KEY1", secretAccessKey: "topSecretValue" },
      region: "eu-west-1",
    });

    await readNothing(saver);

    const { headers } = sent[0]!;
    const [credential, signedHeaders, signature] = headers.get("authorization")!.split(", ");
    expect(credential).toBe("AWS4-HMAC-SHA256 Credential=KEY1/20260203/eu-west-1/dynamodb/aws4_request");
    expect(signedHeaders).toBe("SignedHeaders=host;x-amz-date;x-amz-target");
    expect(signature).toMatch(/^Signature=[0-9a-f]{64}$/);
    expect(headers.get("x-amz-date")).toBe("20260203T040506Z");
  });

  test("is the one that AWS computes", async () => {
    vi.setSystemTime("2026-02-03T04:05:06Z");
    const { saver, sent } = observedSaver(nothingFound, {
      credentials: { accessKeyId: "KEY1", secretAccessKey: "topSecretValue" },
      endpoint: "https://dynamodb.us-east-1.amazonaws.com",
    });

    await readNothing(saver);

    const canonical = [
      ...[
        "POST",
        "/",
        "",
        "host:dynamodb.us-east-1.amazonaws.com",
        "x-amz-date:20260203T040506Z",
        "x-amz-target:DynamoDB_20120810.Query",
        "",
      ],
      ...["host;x-amz-date;x-amz-target", hex(await sha256(sent[0]!.body))],
    ].join("\n");
    const scope = ["20260203", "us-east-1", "dynamodb", "aws4_request"];
    const text = ["AWS4-HMAC-SHA256", "20260203T040506Z", scope.join("/"), hex(await sha256(canonical))].join("\n");
    let key: BufferSource = new TextEncoder().encode("AWS4topSecretValue");
    for (const part of [...scope, text]) key = await hmac(key, part);
    expect(signatureOf(sent[0]!)).toBe(hex(key as ArrayBuffer));
  });

  test("depends on the body", async () => {
    const { saver, sent } = observedSaver(nothingFound, { keyPrefix: "" });

    for (const threadId of ["one", "one", "two"]) await readNothing(saver, threadId);

    const [one, again, two] = sent.map(signatureOf);
    expect(again).toBe(one);
    expect(two).not.toBe(one);
  });

  test("is made anew for every attempt", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const later: Fault = () => {
      vi.setSystemTime(Date.now() + 10_000);
      return awsError("InternalServerError", { status: 500 });
    };
    const { saver, sent } = observedSaver(first(1, later, nothingFound));

    await readNothing(saver);

    expect(signedAt(sent[1]!) - signedAt(sent[0]!)).toBe(10_000);
    expect(signatureOf(sent[1]!)).not.toBe(signatureOf(sent[0]!));
  });
});

const sha256 = (text: string): Promise<ArrayBuffer> => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
const hex = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function hmac(key: BufferSource, text: string): Promise<ArrayBuffer> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text));
}
