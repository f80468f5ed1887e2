import * as messages from "@langchain/core/messages";
import { describe, expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";
import { call, classes, fields, required } from "../../lanes/stored/message-classes.js";

/* Messages are written without their `toJSON` where that gives the same. It is the judge itself. */

type Json = Record<string, unknown>;

/** The same message, of which `toJSON` is asked: it has one of its own. */
function asked<T extends object>(message: T): T {
  const { toJSON } = message as unknown as Json;
  return Object.defineProperty(message, "toJSON", { value: toJSON });
}

/** What is stored of a message, or why it is not. */
async function written(value: unknown): Promise<string> {
  try {
    const [type, bytes] = await createSaver().serde.dumpsTyped({ list: [value, { more: value }], value });
    return `${type} ${new TextDecoder().decode(bytes)}`;
  } catch (error) {
    return String(error);
  }
}

const circular: Json = { a: 1 };
circular.again = circular;
let deep: unknown = "end";
for (let i = 0; i < 300; i++) deep = i % 2 ? [deep] : { deep };

const odd: Record<string, Json> = {
  ...fields,
  "numbers that JSON has not": { custom: NaN, additional_kwargs: { a: Infinity, b: -0, c: [NaN] } },
  "undefined within": { additional_kwargs: { a: undefined, b: [undefined] } },
  "a list with holes": { additional_kwargs: { a: [1, , 3] } }, // eslint-disable-line no-sparse-arrays
  "a BigInt": { additional_kwargs: { a: 1n } },
  "a function and a symbol": { additional_kwargs: { a: () => 1, b: Symbol("b") }, custom: () => 1 },
  "a Date, a Map, a Set, an Error and bytes": {
    additional_kwargs: { a: new Date(0), b: new Map([[1, 2]]), c: new Set([1]), e: new Error("e") },
    artifact: new Uint8Array([1, 2]),
  },
  "what says itself what is stored": {
    additional_kwargs: { toJSON: () => "said" },
    artifact: { a: { toJSON: () => 1 } },
  },
  "an object without a prototype": { additional_kwargs: Object.assign(Object.create(null) as Json, { a: { b: 1 } }) },
  "an instance of a class": {
    artifact: new (class Report {
      rows = [1];
    })(),
  },
  "what contains itself": { artifact: circular },
  "what is in two places": { artifact: [call, call], additional_kwargs: { call } },
  "what is nested deeply": { artifact: deep },
  "what looks escaped": { artifact: { __lc_escaped__: { lc: 1 } }, additional_kwargs: { __lc_escaped__: 1, a: 2 } },
  "names of all objects": { constructor: 1, valueOf: 2, additional_kwargs: { constructor: 3 } },
  "names in all cases": { aB: 1, aBC: 2, a2B: 3, HTMLText: 4, "a b": 5, a__b: 6, _a: 7, a_: 8, a_B: 9, é: 10 },
  "two names for one": { moreHere: 1, more_here: 2 },
  "a name of a prototype": JSON.parse('{"__proto__":{"a":1},"additional_kwargs":{"__proto__":{"b":2}}}') as Json,
  "a getter": { additional_kwargs: Object.defineProperty({}, "a", { get: () => "got", enumerable: true }) as Json },
  "text beyond ASCII": { content: "Grüße, 你好, \u{1f600}, \ud800" },
};

describe.each(classes)("%s", (_name, made) => {
  test.each(Object.entries(odd))("with %s is stored as LangChain says", async (_what, own) => {
    const make = (): object | undefined => {
      try {
        return new made({ ...required, ...own });
      } catch {
        return undefined;
      }
    };
    const [one, other] = [make(), make()];
    if (!one || !other) return expect(one).toBe(other);
    expect(await written(one)).toBe(await written(asked(other)));
  });
});

test.each<[string, (message: messages.HumanMessage) => object]>([
  ["is of a class of its own", ({ content }) => new (class Mine extends messages.HumanMessage {})({ content })],
  ["has names of its own", (message) => Object.defineProperty(message, "lc_aliases", { value: { content: "said" } })],
  ["has an id of its own", (message) => Object.defineProperty(message, "lc_id", { value: ["langchain_core", "x"] })],
  ["has secrets", (message) => Object.defineProperty(message, "lc_secrets", { value: { content: "KEY" } })],
  ["is closed", (message) => Object.assign(message, { lc_serializable: false })],
  ["is of another package", (message) => Object.assign(message, { lc_namespace: ["langchain", "schema"] })],
  ["has lost its arguments", (message) => Object.assign(message, { lc_kwargs: undefined })],
  ["has a list for its arguments", (message) => Object.assign(message, { lc_kwargs: [1] })],
  ["has changed since", (message) => Object.assign(message, { content: "changed", additional_kwargs: { a: 1 } })],
])("a message that %s is stored as LangChain says", async (_what, change) => {
  const make = () => change(new messages.HumanMessage({ content: "x", id: "1" }));
  expect(await written(make())).toBe(await written(asked(make())));
});
