import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { gzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { emptyThread, noise, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { binariesOf } from "../../lanes/hostile/hostile-items.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { base64Url } from "../../lanes/stored/stored-format.js";
import {
  buildContainer,
  buildFrame,
  deflated,
  fromBase64,
  gzipped,
  plain,
  text,
  toBase64,
  utf8,
} from "../../lanes/stored/stored-bytes.js";

/*
 * Values that look like what this package itself stores. They are values: nothing in them is followed, unpacked or
 * taken for a part of the format.
 */

const encryption = { key: noise(32, 3) };

/** Bytes as they stand in the table and in S3, with those of a thread that really is stored. */
async function storedBytes(): Promise<Uint8Array[]> {
  const made = [
    new Uint8Array(0),
    ...[0, 1, 2, 3, 4, 255].map((codec) => Uint8Array.of(codec)),
    plain(buildFrame({ channels: { a: "1" } })),
    gzipped(buildFrame({})),
    deflated(buildFrame({})),
    gzipSync(noise(3_000)),
    buildFrame({ channels: { __proto__: "{}" } }),
    buildContainer({ head: ["a"], entries: [["run", 0]], hashes: [], tails: [] }),
    buildContainer({
      head: [[["a", 1]]],
      entries: [["json", 0, 100, -5_000]],
      hashes: [noise(32), noise(32, 2)],
      tails: [],
    }),
  ];
  const keyPrefix = newPrefix();
  for (const options of [{}, { compression: "none" as const }, { encryption }]) {
    const saver = createSaver({ keyPrefix, ...options });
    const { config } = await putStep(saver, emptyThread(`t${JSON.stringify(options).length}`), {
      document: noise(3_000),
      text: "a".repeat(5_000),
      n: 1,
    });
    await saver.putWrites(config, [["n", 2]], "task");
  }
  const items = (await Promise.all([2, 22].map((length) => itemsOf(keyPrefix, `t${length}`)))).flat();
  return [...made, ...items.flatMap((item) => binariesOf(item).map((name) => fromBase64(item[name]!.B!)))];
}

const TEXTS = [
  `S#${base64Url(noise(32))}`, `P#${base64Url(noise(32))}#checkpoints/x/`, "C##1#~", "C#$", "H#", "T#t",
  "[[[\"a\",1]],[[\"json\",1]]]", '{"B":"AAAA"}', '{"S":"x"}', "w0", "run",
  "\u0000\u0000\u0000\u0010[[],[]]", '{"PK":{"S":"T#t"},"SK":{"S":"C##1#~"}}', "ttl", "if_not_exists(w0,:w0)",
  ":v = :v",
]; // prettier-ignore

describe.each([
  ["in DynamoDB", () => ({})],
  ["in S3", () => ({ s3: { ...s3Options(), thresholdBytes: 1_500 } })],
  ["encrypted", () => ({ encryption })],
  ["uncompressed", () => ({ compression: "none" as const })],
])("stored %s,", (_, options) => {
  test(
    "bytes and texts that imitate stored ones come back as they were, as channels, in messages and " + "as writes",
    async () => {
      const bytes = await storedBytes();
      const texts = [...TEXTS, ...bytes.map(toBase64), ...bytes.map(text), ...bytes.map((b) => `\u0001${toBase64(b)}`)];
      expect(bytes.length).toBeGreaterThan(18);
      const values: Record<string, unknown> = {
        ...Object.fromEntries(bytes.map((value, i) => [`bytes ${i}`, value])),
        ...Object.fromEntries(texts.map((value, i) => [`text ${i}`, value])),
        all: bytes,
        messages: [
          new HumanMessage({ id: "1", content: texts.join("\n") }),
          new AIMessage({
            id: "2",
            content: "",
            tool_calls: [{ name: "t", args: { texts }, id: "c", type: "tool_call" }],
          }),
          new ToolMessage({ id: "3", content: texts[0]!, tool_call_id: "c", artifact: texts }),
        ],
      };
      const place = { keyPrefix: newPrefix(), ...options() };
      const saver = createSaver(place);
      const one = await putStep(saver, emptyThread("t"), values);
      await saver.putWrites(
        one.config,
        bytes.map((value, i) => [texts[i]!, value] as [string, unknown]),
        "task",
      );
      const two = await putStep(saver, one, { other: 1 });

      for (const { config } of [one, two]) {
        const tuple = (await createSaver(place).getTuple(config))!;
        const { messages, ...rest } = tuple.checkpoint.channel_values;
        const { messages: given, ...expected } = {
          ...values,
          ...(config === two.config && { other: 1 }),
        } as typeof values;
        expect(rest).toEqual(expected);
        expect((messages as HumanMessage[]).map((message) => message.toDict())).toEqual(
          (given as HumanMessage[]).map((message) => message.toDict()),
        );
      }
      expect((await createSaver(place).getTuple(one.config))!.pendingWrites).toEqual(
        bytes.map((value, i) => ["task", texts[i], value]),
      );
    },
  );
});

test("a value that equals a stored segment, its name and all, shares nothing that matters with it", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix, compression: "none" });
  const original = noise(3_000);
  const one = await putStep(saver, emptyThread("t"), { original });
  const [segment] = await itemsOf(keyPrefix, "t", "S#");
  const stored = fromBase64(segment!.data!.B!);
  // Once as it is stored, once as it is named, and once again as itself under another name.
  const two = await putStep(saver, one, { stored, named: segment!.SK!.S, same: original, inside: utf8(text(stored)) });

  expect((await createSaver({ keyPrefix }).getTuple(two.config))?.checkpoint.channel_values).toEqual({
    original,
    stored,
    named: segment!.SK!.S,
    same: original,
    inside: utf8(text(stored)),
  });
  expect((await createSaver({ keyPrefix }).getTuple(one.config))?.checkpoint.channel_values).toEqual({ original });
});
