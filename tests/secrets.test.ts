import { inspect } from "node:util";
import { expect, test } from "vitest";
import { awsError, errorOf, observedSaver, readNothing } from "./lanes/faults/faulty-fetch.js";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "topSecretValue", sessionToken: "topSecretToken" };
const secret = /AKIDEXAMPLE|topSecret/;
const everything = { depth: Infinity, showHidden: true, getters: true } as const;

test("util.inspect of a saver shows no credential", async () => {
  const { saver } = observedSaver(undefined, { credentials });
  await readNothing(saver);

  expect(inspect(saver, everything)).not.toMatch(secret);
  expect(inspect({ graph: { checkpointer: saver } }, everything)).not.toMatch(secret);
});

test("util.inspect of an error shows no credential", async () => {
  const { saver } = observedSaver(() => awsError("UnrecognizedClientException"), { credentials });

  expect(inspect(await errorOf(readNothing(saver)), everything)).not.toMatch(secret);
});
