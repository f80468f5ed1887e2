import fc from "fast-check";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, inject, test } from "vitest";
import { intercepted, type AwsRequest } from "../../lanes/stored/aws-requests.js";
import { collect, emptyThread, noise, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { BUCKET, objectKeys } from "../../lanes/stored/s3-client.js";
import { s3Options } from "../../lanes/savers/s3-options.js";

/*
 * Ids that imitate keys, commands and paths. Whatever they are, two that differ never share an item or an object, and
 * nothing that is done to one touches another.
 */

const HOSTILE = [
  // Keys of our own, whole and in parts, escaped and not.
  "C##1#~", "C#$", "$", "#", "##", "#~", "~", "S#", "P#", "H#", "T#", "W#", "W#task", "#W#", "%", "%23", "%2523",
  "%25", "%-", "%24", "THREADS#0", "THREADS", "NAMESPACES", "N#", "X#",
  // What other layers might take for syntax.
  "../", "../../etc/passwd", "..", ".", "/", "//", "\\", "?", "?delete=", "&", "=", "+", " ", "  ", "%2e%2e%2f", "%00",
  "a\u0000b", "\u0001", "\u007f", "\r\n", "\t", "\u2028", "\ufeff", "'; DROP TABLE checkpoints; --", "\" or 1=1",
  "</Key></Object><Object><Key>other", "<!ENTITY x SYSTEM 'file:///'>", "&amp;", "{\"S\":\"x\"}", "\"}", "[]", "null",
  "undefined", "NaN", "0", "-1", "true", ":pk", "#ttl", "${x}", "{{x}}", "`",
  // What JavaScript might take for more than a name.
  "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "length",
  // The ends of Unicode, and what has no UTF-8 form.
  "\u{10ffff}", "\uffff", "\ufffd", "\ufffe", "\ud800", "\udfff", "\ud83d", "\udc00\ud800", "é", "e\u0301", "İ", "ſ",
  "😀", "👩‍👩‍👧",
  // Longer than any key.
  "x".repeat(5_000), `${"x".repeat(4_999)}y`, "#".repeat(5_000), "%".repeat(5_000), "é".repeat(5_000),
  "\ud800".repeat(5_000), "😀".repeat(2_500),
]; // prettier-ignore

/** What a saver has written: items by their keys, and objects by theirs. */
function keysWritten(sent: AwsRequest[]): Set<string> {
  const keys = new Set<string>();
  const add = ({ PK, SK }: RawItem): void => void keys.add(`${PK!.S} ${SK!.S}`);
  for (const { operation, body, url } of sent) {
    if (operation === "PutObject") keys.add(url.pathname);
    if (!/^(PutItem|UpdateItem|BatchWriteItem)$/.test(operation)) continue;
    const { Item, Key, RequestItems } = JSON.parse(body) as {
      Item?: RawItem;
      Key?: RawItem;
      RequestItems?: Record<string, { PutRequest: { Item: RawItem } }[]>;
    };
    if (Item ?? Key) add((Item ?? Key)!);
    for (const { PutRequest } of Object.values(RequestItems ?? {}).flat()) add(PutRequest.Item);
  }
  return keys;
}

interface Ids {
  threadId: string;
  ns: string;
  checkpointId: string;
  taskId: string;
}

/** Writes a checkpoint, a task's write and a large value at these ids, and tells which keys that took. */
async function keysAt(keyPrefix: string, { threadId, ns, checkpointId, taskId }: Ids): Promise<Set<string>> {
  const { fetch, sent } = intercepted();
  const saver = createSaver({ keyPrefix, fetch });
  const { config } = await putStep(
    saver,
    emptyThread(threadId, ns),
    { at: [threadId, ns, checkpointId, taskId] },
    { id: checkpointId },
  );
  await saver.putWrites(config, [["at", taskId]], taskId);
  return keysWritten(sent);
}

test(
  "each as thread, namespace, checkpoint and task at once comes back whole, alone and among " + "the others",
  async () => {
    const keyPrefix = newPrefix();
    const written = await Promise.all(
      HOSTILE.map((id) => keysAt(keyPrefix, { threadId: id, ns: id, checkpointId: id, taskId: id })),
    );

    // No two of them share an item.
    expect(new Set(written.flatMap((keys) => [...keys])).size).toBe(written.reduce((sum, keys) => sum + keys.size, 0));
    const reader = createSaver({ keyPrefix });
    for (const id of HOSTILE) {
      const tuple = await reader.getTuple({ configurable: { thread_id: id, checkpoint_ns: id } });
      expect(tuple?.config.configurable).toEqual({ thread_id: id, checkpoint_ns: id, checkpoint_id: id });
      expect(tuple?.checkpoint.channel_values).toEqual({ at: [id, id, id, id] });
      expect(tuple?.pendingWrites).toEqual([[id, "at", id]]);
    }
    expect((await collect(reader.listThreads())).map(({ threadId }) => threadId).sort()).toEqual(HOSTILE.toSorted());
    expect(await collect(reader.list({}))).toHaveLength(HOSTILE.length);
  },
);

test("deleting one leaves every other as it was", async () => {
  const keyPrefix = newPrefix();
  const ids = HOSTILE.filter((id) => id.length < 100);
  await Promise.all(ids.map((id) => keysAt(keyPrefix, { threadId: id, ns: "", checkpointId: id, taskId: id })));
  const saver = createSaver({ keyPrefix });
  const left = new Set(ids);
  // Those that look most like a part of another come first.
  for (const doomed of ids.slice(0, 25)) {
    await saver.deleteThread(doomed);
    left.delete(doomed);
    expect(await saver.getTuple({ configurable: { thread_id: doomed } })).toBeUndefined();
  }
  const threads = (await collect(createSaver({ keyPrefix }).list({}))).map(({ config, checkpoint }) => [
    config.configurable!.thread_id,
    checkpoint.channel_values,
  ]);
  expect(threads.sort()).toEqual([...left].map((id) => [id, { at: [id, "", id, id] }]).sort());
});

test("in one thread, two sets of ids that differ anywhere share no item but the thread's own", async () => {
  const id = fc.oneof(
    fc.constantFrom(...HOSTILE),
    fc
      .array(fc.constantFrom(...HOSTILE.slice(0, 25), "a", "1"), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join("")),
  );
  const place = fc.record({ ns: fc.oneof(id, fc.constant("")), checkpointId: id, taskId: id });
  await fc.assert(
    fc.asyncProperty(id, place, place, async (threadId, one, two) => {
      const keyPrefix = newPrefix();
      const [keysOfOne, keysOfTwo] = [
        await keysAt(keyPrefix, { threadId, ...one }),
        await keysAt(keyPrefix, { threadId, ...two }),
      ];
      const shared = [...keysOfOne].filter((key) => keysOfTwo.has(key) && /#(~[\w-]*|W#[^#]*(#[\w-]*)?)$/.test(key));
      const same = one.ns === two.ns && one.checkpointId === two.checkpointId;
      expect(shared.length).toBe(!same ? 0 : one.taskId === two.taskId ? 2 : 1);
    }),
    { numRuns: 60 },
  );
});

describe("tenants", () => {
  const PREFIXES = [
    "",
    "a",
    "a#",
    "a#T",
    "a#T#",
    "T#",
    "T#a#",
    "THREADS#",
    "#",
    "%23",
    "a%23",
    "tenant#x",
    "tenant#x#T#y",
    "../",
    "__proto__",
    "\u{10ffff}",
    "\ufffd",
    "é",
    "e\u0301",
    "😀",
  ];

  test("whose prefixes imitate keys share no item, with ids that imitate them too", async () => {
    // All begin alike, so that runs of these tests don't meet.
    const run = crypto.randomUUID();
    const written = new Map<string, string>();
    for (const prefix of PREFIXES) {
      for (const threadId of ["t", "a", "T#t", "a#T#t", "#", "THREADS#0"]) {
        const keyPrefix = run + prefix;
        for (const key of await keysAt(keyPrefix, { threadId, ns: "", checkpointId: "1", taskId: "1" })) {
          const owner = JSON.stringify([prefix, threadId]);
          expect([key, written.get(key) ?? owner]).toEqual([key, owner]);
          written.set(key, owner);
        }
      }
    }
    for (const prefix of PREFIXES) {
      const threads = await collect(createSaver({ keyPrefix: run + prefix }).list({}));
      expect(threads.map(({ config }) => config.configurable!.thread_id as string).sort()).toEqual([
        "#",
        "T#t",
        "THREADS#0",
        "a",
        "a#T#t",
        "t",
      ]);
    }
  });

  test("cannot be told apart by half of a surrogate pair, so such a prefix is refused", () => {
    for (const keyPrefix of ["\ud800#", "\udbff#", "a\udc00", "😀".slice(1)]) {
      const make = (): DynamoDBSaver => createSaver({ keyPrefix });
      expect(make).toThrow(
        expect.toSatisfy(
          (error: { code: string; message: string }) =>
            error.code === "INVALID_CONFIG" && error.message.includes("keyPrefix"),
        ),
      );
    }
  });

  test("of one bucket share no object, and deleting a thread of one leaves the others' alone", async () => {
    const s3 = { ...s3Options(), thresholdBytes: 2_000 };
    const ids = [
      "..",
      "../",
      "/",
      "a/b",
      "a",
      "?delete=",
      "</Key>",
      "%2e%2e",
      "\ud800",
      "x".repeat(5_000),
      `${"x".repeat(4_999)}y`,
    ];
    const run = newPrefix();
    const tenants = ["", "../", "a#"].map((prefix) => run + prefix);
    for (const keyPrefix of tenants) {
      for (const id of ids) await putStep(createSaver({ keyPrefix, s3 }), emptyThread(id), { large: noise(3_000) });
    }
    const objects = await objectKeys(inject("s3"), s3.prefix, BUCKET);
    expect(objects).toHaveLength(tenants.length * ids.length);
    for (const key of objects) expect(key.slice(s3.prefix.length)).toMatch(/^[\w-]+\/[\w-]{6}-[\w-]{43}$/);

    for (const id of ids) await createSaver({ keyPrefix: tenants[1]!, s3 }).deleteThread(id);

    expect(await objectKeys(inject("s3"), s3.prefix, BUCKET)).toHaveLength(2 * ids.length);
    for (const id of ids) {
      const tuple = await createSaver({ keyPrefix: tenants[0]!, s3 }).getTuple({ configurable: { thread_id: id } });
      expect(tuple?.checkpoint.channel_values).toEqual({ large: noise(3_000) });
    }
  });
});

test("as names of channels, of metadata and of task paths they come back as they were", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const entries = (value: unknown): Record<string, unknown> => Object.fromEntries(HOSTILE.map((name) => [name, value]));
  const { config } = await putStep(saver, emptyThread("t"), entries(1));
  for (const [i, path] of HOSTILE.slice(0, 20).entries()) await saver.putWrites(config, [[path, i]], `task-${i}`, path);

  const tuple = await createSaver({ keyPrefix }).getTuple(config);
  expect(new Map(Object.entries(tuple!.checkpoint.channel_values))).toEqual(new Map(HOSTILE.map((name) => [name, 1])));
  expect(tuple!.pendingWrites!.map(([, channel]) => channel).sort()).toEqual(HOSTILE.slice(0, 20).sort());
  expect(await itemsOf(keyPrefix, "t", "C##")).toHaveLength(21);
});
