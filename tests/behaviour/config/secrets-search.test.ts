import { describe, expect, test } from "vitest";
import { canaries, PAYLOAD } from "../../../scripts/lib/testing/secrets.js";
import { noise } from "../../lanes/savers/checkpoints.js";
import { Emissions } from "../../lanes/run/emissions.js";

/*
 * That the search for secrets, which goes on in every test, finds them in whatever form they are given out.
 */

const credentials = {
  accessKeyId: "AccessKeyOfOne",
  secretAccessKey: "SecretOfOneTest",
  sessionToken: "TokenOfOneTest",
};
const key = noise(32, 5);
const binary = String.fromCharCode(...key);
const hex = Array.from(key, (byte) => byte.toString(16).padStart(2, "0")).join("");

function search(): Emissions {
  const emissions = new Emissions();
  emissions.keepSecret({ credentials, encryption: { key: noise(32, 6), olderKeys: [key] } });
  return emissions;
}

/** An error with something in a place of its own. */
const withProperty = (name: PropertyKey, descriptor: PropertyDescriptor): Error =>
  Object.defineProperty(new Error("failed"), name, descriptor);

describe.each([
  ["a secret key", credentials.secretAccessKey],
  ["an access key's id", credentials.accessKeyId],
  ["a session token", credentials.sessionToken],
  ["the secret key of all tests", canaries.secretAccessKey],
  ["the session token of all tests", canaries.sessionToken],
  ["a stored value", `…${PAYLOAD}`],
  ["a part of a stored checkpoint", '{"v":4,"ts":"2026-01-01T00:00:00.000Z"'],
  ["a signed request", "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request"],
  ["an encryption key in hex", hex],
  ["an encryption key in capital hex", hex.toUpperCase()],
  ["an encryption key in base64", btoa(binary)],
  ["an encryption key in base64url", btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "")],
  ["an encryption key in numbers", key.join(", ")],
])("%s", (_, secret) => {
  test.each<[where: string, error: unknown]>([
    ["an error's message", new Error(`it was ${secret}`)],
    ["an error's name", Object.assign(new Error(), { name: secret })],
    ["an error's stack", Object.assign(new Error(), { stack: `Error\n    at ${secret}` })],
    ["an error's cause", new Error("failed", { cause: new Error("failed", { cause: { deep: [secret] } }) })],
    ["one of several errors", new AggregateError([new Error("one"), new Error(secret)])],
    ["a property", withProperty("detail", { value: secret, enumerable: true })],
    ["a hidden property", withProperty("detail", { value: { inside: secret } })],
    ["a property by a symbol", withProperty(Symbol("detail"), { value: secret })],
    ["a getter", withProperty("detail", { get: () => secret, enumerable: true })],
    ["toJSON", Object.assign(new Error(), { toJSON: () => ({ secret }) })],
    ["something thrown that is no error", { secret }],
    ["a text that is thrown", secret],
  ])("is found in %s", (_where, error) => {
    const emissions = search();
    emissions.error("getTuple", error);
    expect(emissions.take()).toEqual(expect.arrayContaining([expect.stringMatching(/^getTuple, an error shows /)]));
    expect(emissions.take()).toEqual([]);
  });

  test("is found in an event, in what is printed and in a saver that is printed", () => {
    const emissions = search();
    emissions.event({ type: "request", operation: "Query", more: { secret } });
    emissions.printed(["said", { deep: [{ secret }] }]);
    emissions.made({ credentials: secret });
    expect(emissions.take().map((line) => line.split(" shows ")[0])).toEqual(
      expect.arrayContaining(["An event", "The console", "A saver that is printed"]),
    );
  });
});

test("an encryption key's bytes are found as they are printed", () => {
  const emissions = search();
  emissions.printed([key]);
  emissions.printed([JSON.stringify(key)]);
  emissions.error("put", Object.assign(new Error(), { key }));
  expect(emissions.take().length).toBeGreaterThan(2);
});

test("nothing is found where nothing is", () => {
  const emissions = search();
  emissions.error("put", new Error("The checkpoint was not stored.", { cause: new TypeError("fetch failed") }));
  emissions.event({ type: "request", operation: "PutItem", bytesSent: 1_000 });
  emissions.printed(["AWS_SECRET_ACCESS_KEY is missing beside AWS_ACCESS_KEY_ID", 42, noise(32, 9)]);
  expect(emissions.take()).toEqual([]);
  expect(emissions.emitted).toEqual({ errors: 1, events: 1, lines: 1, savers: 0 });
});
