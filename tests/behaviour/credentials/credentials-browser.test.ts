import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";

/* Needs no server. */

const longLived = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "topSecretValue" };

test("the place where this test runs is known for what it is", () => {
  const isBrowser = typeof document !== "undefined" || /Mozilla/.test(globalThis.navigator?.userAgent);
  const made = (): unknown => createSaver({ credentials: longLived, dangerouslyAllowBrowser: false });

  if (isBrowser) expect(made).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
  else expect(made()).toBeInstanceOf(DynamoDBSaver);
});
