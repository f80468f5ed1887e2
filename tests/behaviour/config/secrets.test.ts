import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { DynamoDBSaver, isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { s3Error } from "../../lanes/stored/aws-requests.js";
import { collect, emptyThread, noise, putStep } from "../../lanes/savers/checkpoints.js";
import { useJitter } from "../../lanes/faults/clock.js";
import { awsError, errorOf, observedSaver, readNothing, type Fault } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { newPlace, saverAt } from "../../lanes/savers/s3-saver.js";
import { binary, buildFrame, plain } from "../../lanes/stored/stored-bytes.js";
import { allOf } from "./all-of-error.js";

useJitter(0);

const config = { configurable: { thread_id: "t" } };
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "topSecretValue", sessionToken: "topSecretToken" };
const secret = /AKIDEXAMPLE|topSecret/;

test("neither JSON nor text of a saver shows a credential, before and after it was used", async () => {
  const { saver } = observedSaver(undefined, { credentials });
  const show = (): string =>
    [
      JSON.stringify(saver),
      `${saver as unknown as string}`,
      JSON.stringify(Object.getOwnPropertyDescriptors(saver)),
    ].join("\n");
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

  expect(make).toThrow(
    expect.toSatisfy((error: Error) => !secret.test(`${error.message} ${error.stack} ${JSON.stringify(error)}`)),
  );
});

describe("no event and no error holds a credential or a stored value", () => {
  const payload = "Zebracorn";
  const hidden = /AKIDEXAMPLE|topSecret|Zebraco/;

  const store = async (saver: DynamoDBSaver): Promise<void> => {
    const checkpoint = { ...emptyCheckpoint(), channel_values: { a: payload }, channel_versions: { a: 1 } };
    const stored = await saver.put(config, checkpoint, { source: "input", step: -1, parents: {} }, { a: 1 });
    await saver.putWrites(stored, [["a", payload]], "task");
  };

  // AWS's own texts quote what was signed.
  const quoting =
    (serviceCode: string, status = 400): Fault =>
    ({ headers }) =>
      awsError(serviceCode, {
        status,
        message:
          `not a valid key=value pair in Authorization header: '${headers.get("authorization")}' ` +
          `x-amz-security-token:${headers.get("x-amz-security-token")}`,
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

describe("no error about stored data shows it:", () => {
  /** What LangChain's and JSON's own errors quote. */
  const unreadable = [
    '{"lc":1,"type":"constructor","id":["evil","Thing"],"kwargs":{"content":"Zebracorn"}}',
    '{"lc":1,"type":"constructor","id":["langchain_core","messages","Zebracorn"],"kwargs":{}}',
    '{"lc":1,"type":"constructor","id":["langchain_core","messages","HumanMessage"],"kwargs":{"content":{"lc":1,' +
      '"type":"secret","id":["Zebracorn"]}}}',
    '{"lc":1,"type":"constructor","id":["langchain_core","messages","HumanMessage"],"kwargs":{"content":{"lc":1,' +
      '"type":"not_implemented","id":["Zebracorn"]}}}',
    '{"said":"Zebracorn"',
    '"Zebracorn',
    "Zebracorn",
  ];

  test.each(unreadable)("a value that cannot be read, %#", async (value) => {
    const keyPrefix = newPrefix();
    const { config } = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 });
    const [item] = (await itemsOf(keyPrefix, "t", "C##")) as [RawItem];
    for (const frame of [
      buildFrame({ channels: { value } }),
      buildFrame({ metadata: value }),
      buildFrame({ body: value }),
    ]) {
      await putRaw({ ...item, data: binary(plain(frame)) });
      const warm = createSaver({ keyPrefix });
      const calls = [
        () => warm.getTuple(config),
        () => warm.getDeltaChannelHistory({ config, channels: ["value"] }),
        () => collect(createSaver({ keyPrefix }).list(config, { filter: { source: "loop" } })),
      ];
      for (const call of calls) {
        const error: unknown = await call().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) continue;
        expect(isDynamoDBSaverError(error)).toBe(true);
        expect(allOf(error)).not.toMatch(/Zebraco/);
      }
    }
  });

  test("a value that is too large, and a checkpoint that came too late", async () => {
    const saver = createSaver({ maxValueBytes: 2_000, conflict: "reject" });
    const large = await errorOf(putStep(saver, emptyThread("t"), { value: "Zebracorn".repeat(1_000) }));
    const one = await putStep(saver, emptyThread("t"), { value: "Zebracorn" });
    await putStep(saver, one, { value: "Zebracorn 2" });
    const late = await errorOf(putStep(saver, one, { value: "Zebracorn 3" }));

    expect([large.code, late.code]).toEqual(["VALUE_TOO_LARGE", "CONFLICT"]);
    for (const error of [large, late]) expect(allOf(error)).not.toMatch(/Zebraco/);
  });

  test.each([
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "ExpiredToken",
    "AccessDenied",
    "MalformedXML",
    "Anything",
  ])("S3's %s, which quotes what was signed", async (code) => {
    const { saver, events } = saverAt(
      newPlace(),
      ({ operation, headers }) => {
        const quoted = `${headers.get("authorization")} ${headers.get("x-amz-security-token")} Zebracorn`;
        return operation === "PutObject"
          ? s3Error(403, `${code}</Code><StringToSign>${quoted}</StringToSign><Code>`)
          : undefined;
      },
      { credentials },
    );

    const error = await errorOf(putStep(saver, emptyThread("t"), { large: noise(6_000) }));

    expect(error).toMatchObject({ service: "s3", operation: "PutObject" });
    expect(allOf(error) + JSON.stringify(events)).not.toMatch(/AKIDEXAMPLE|topSecret|Zebraco|Signature=/);
  });
});
