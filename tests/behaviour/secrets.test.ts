import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { DynamoDBSaver, isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { useJitter } from "../lanes/clock.js";
import { awsError, errorOf, observedSaver, readNothing, type Fault } from "../lanes/faulty-fetch.js";

useJitter(0);

const config = { configurable: { thread_id: "t" } };
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "topSecretValue", sessionToken: "topSecretToken" };
const secret = /AKIDEXAMPLE|topSecret/;

test("neither JSON nor text of a saver shows a credential, before and after it was used", async () => {
  const { saver } = observedSaver(undefined, { credentials });
  const show = (): string => [JSON.stringify(saver), `${saver as unknown as string}`, JSON.stringify(Object.getOwnPropertyDescriptors(saver))].join("\n");
  const before = show();
  await readNothing(saver);

  expect(before + show()).not.toMatch(secret);
});

test("neither JSON nor text of an error shows a credential", async () => {
  const { saver } = observedSaver(() => awsError("UnrecognizedClientException"), { credentials });

  const error = await errorOf(readNothing(saver));

  expect([JSON.stringify(error), String(error), error.stack].join("\n")).not.toMatch(secret);
  expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: "ACCESS_DENIED", operation: "Query" });
});

test("a configuration error shows no credential", () => {
  const make = (): unknown => new DynamoDBSaver({ tableName: "checkpoints", region: "nowhere!", credentials });

  expect(make).toThrow(expect.toSatisfy((error: Error) => !secret.test(`${error.message} ${error.stack} ${JSON.stringify(error)}`)));
});

describe("no event and no error holds a credential or a stored value", () => {
  const payload = "Zebracorn";
  const hidden = /AKIDEXAMPLE|topSecret|Zebraco/;

  const store = async (saver: DynamoDBSaver): Promise<void> => {
    const checkpoint = { ...emptyCheckpoint(), channel_values: { a: payload }, channel_versions: { a: 1 } };
    const stored = await saver.put(config, checkpoint, { source: "input", step: -1, parents: {} }, { a: 1 });
    await saver.putWrites(stored, [["a", payload]], "task");
  };

  /** Everything one can get out of an error, its causes included. */
  function allOf(error: unknown): string {
    const own = error instanceof Error ? Object.fromEntries(Object.getOwnPropertyNames(error).map((name) => [name, (error as never)[name]])) : error;
    const cause = error instanceof Error && error.cause ? allOf(error.cause) : "";
    return `${String(error)} ${JSON.stringify(error)} ${JSON.stringify(own)} ${cause}`;
  }

  // AWS's own texts quote what was signed.
  const quoting = (serviceCode: string, status = 400): Fault => ({ headers }) =>
    awsError(serviceCode, {
      status,
      message: `not a valid key=value pair in Authorization header: '${headers.get("authorization")}' x-amz-security-token:${headers.get("x-amz-security-token")}`,
    });

  /** An answer that a proxy has damaged, near the stored value. */
  const damaged: Fault = async ({ forward }) => {
    await forward();
    return new Response(`{"Items":[{"note":{"S":${payload}"}}]}`);
  };

  test.each<[what: string, fault: Fault]>([
    ["everything works", () => undefined],
    ["InvalidSignatureException", quoting("InvalidSignatureException")],
    ["SignatureDoesNotMatch", quoting("SignatureDoesNotMatch", 403)],
    ["IncompleteSignature", quoting("IncompleteSignature")],
    ["IncompleteSignatureException", quoting("IncompleteSignatureException")],
    ["MissingAuthenticationTokenException", quoting("MissingAuthenticationTokenException")],
    ["UnrecognizedClientException", quoting("UnrecognizedClientException")],
    ["ExpiredTokenException", quoting("ExpiredTokenException")],
    ["AccessDeniedException", quoting("AccessDeniedException")],
    ["the connection fails", () => Promise.reject(new TypeError("fetch failed"))],
    ["an answer is damaged", damaged],
  ])("when %s", async (_, fault) => {
    let faulty = false;
    const { saver, events, sent } = observedSaver((request) => (faulty ? fault(request) : undefined), { credentials });
    await store(saver);
    faulty = true;

    const errors: unknown[] = [];
    for (const call of [() => saver.getTuple(config), () => store(saver), () => saver.deleteThread("t")]) {
      await call().catch((error: unknown) => errors.push(error));
    }

    expect(sent.some(({ headers }) => hidden.test(headers.get("authorization")!))).toBe(true);
    expect(JSON.stringify(events)).not.toMatch(hidden);
    expect(errors.map(allOf).join("\n")).not.toMatch(hidden);
    expect(errors.every(isDynamoDBSaverError)).toBe(true);
  });
});
