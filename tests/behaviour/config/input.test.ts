import { emptyCheckpoint, MemorySaver } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { collect } from "../../lanes/savers/checkpoints.js";
import { errorOf, observedSaver } from "../../lanes/faults/faulty-fetch.js";

/* Needs no server. */

const metadata = { source: "loop", step: 0, parents: {} } as const;
const of = (configurable: unknown): never => ({ configurable }) as never;
const thread = of({ thread_id: "t" });
const checkpoint = of({ thread_id: "t", checkpoint_id: "c" });

type Call = (saver: DynamoDBSaver) => Promise<unknown>;

const put = (config: unknown, given: unknown = emptyCheckpoint()): Call => {
  return (saver) => saver.put(config as never, given as never, metadata, {});
};
const putWrites = (config: unknown, writes: unknown = [["channel", 1]], taskId: unknown = "task"): Call => {
  return (saver) => saver.putWrites(config as never, writes as never, taskId as never);
};
const getTuple = (config: unknown): Call => {
  return (saver) => saver.getTuple(config as never);
};
const list = (config: unknown, options?: unknown): Call => {
  return async (saver) => {
    for await (const _ of saver.list(config as never, options as never));
  };
};
const deleteThread = (threadId: unknown): Call => {
  return (saver) => saver.deleteThread(threadId as never);
};
const putOf = (given: Record<string, unknown>, metadataGiven: unknown = metadata, newVersions: unknown = {}): Call => {
  return (saver) => saver.put(thread, { ...emptyCheckpoint(), ...given }, metadataGiven as never, newVersions as never);
};
const kindOf = (value: unknown): string => Object.prototype.toString.call(value);
const versionOf = (version: unknown): Call =>
  putOf({ channel_values: { a: 1 }, channel_versions: { a: version } }, metadata, { a: version });
const prune = (options: unknown): Call => {
  return (saver) => saver.prune(options as never);
};
const deleteForRuns = (runIds: unknown, options: unknown): Call => {
  return (saver) => saver.deleteForRuns(runIds as never, options as never);
};
const importThread = (lines: unknown, options?: unknown): Call => {
  return (saver) => saver.importThread(lines as never, options as never);
};
const importFrom = (options: unknown): Call => {
  return (saver) => saver.importFrom(new MemorySaver(), options as never);
};
const listThreads = (options: unknown): Call => {
  return (saver) => collect(saver.listThreads(options as never));
};
const deltaHistory = (config: unknown): Call => {
  return (saver) => saver.getDeltaChannelHistory({ config: config as never, channels: ["messages"] });
};

describe("refused before anything is sent:", () => {
  test.each<[what: string, call: Call, says: RegExp]>([
    ["put without a thread", put(of({})), /put needs a thread_id.*configurable: \{ thread_id/],
    ["put without a configurable", put({}), /put needs a thread_id/],
    ["put with a string as its config", put("t"), /config|thread_id/],
    ["put with a string as its configurable", put(of("t")), /configurable must be an object/],
    ["put with an empty thread id", put(of({ thread_id: "" })), /thread_id must not be an empty string/],
    [
      "put with a numeric thread id",
      put(of({ thread_id: 1 })),
      /thread_id must be a string, not a number.*String\(thread_id\)/,
    ],
    [
      "put with a namespace that is not text",
      put(of({ thread_id: "t", checkpoint_ns: [] })),
      /checkpoint_ns must be a string, not an array/,
    ],
    [
      "put with a parent id that is not text",
      put(of({ thread_id: "t", checkpoint_id: 5 })),
      /checkpoint_id must be a string, not a number/,
    ],
    ["put with a string as its checkpoint", put(thread, "c"), /needs a checkpoint object/],
    ["put without a checkpoint", put(thread, null), /needs a checkpoint object/],
    ["put with a checkpoint without an id", put(thread, { ...emptyCheckpoint(), id: undefined }), /checkpoint id/],
    [
      "put with a checkpoint whose id is empty",
      put(thread, { ...emptyCheckpoint(), id: "" }),
      /checkpoint id must not be an empty string/,
    ],
    [
      "put with a checkpoint whose id is a number",
      put(thread, { ...emptyCheckpoint(), id: 7 }),
      /checkpoint id must be a string/,
    ],
    ["putWrites without a thread", putWrites(of({ checkpoint_id: "c" })), /putWrites needs a thread_id/],
    [
      "putWrites with an empty thread id",
      putWrites(of({ thread_id: "", checkpoint_id: "c" })),
      /thread_id must not be an empty string/,
    ],
    ["putWrites without a checkpoint id", putWrites(thread), /putWrites needs a checkpoint_id/],
    [
      "putWrites with a numeric checkpoint id",
      putWrites(of({ thread_id: "t", checkpoint_id: 5 })),
      /checkpoint_id must be a string/,
    ],
    ["putWrites without a task id", putWrites(checkpoint, undefined, null), /putWrites needs a taskId/],
    ["putWrites with an empty task id", putWrites(checkpoint, undefined, ""), /taskId must not be an empty string/],
    ["putWrites with a numeric task id", putWrites(checkpoint, undefined, 1), /taskId must be a string, not a number/],
    [
      "putWrites with an object as its writes",
      putWrites(checkpoint, { channel: 1 }),
      /putWrites needs an array of \[channel, value\] pairs/,
    ],
    ["putWrites with a string as its writes", putWrites(checkpoint, "channel"), /putWrites needs an array/],
    ["putWrites with a write that is no pair", putWrites(checkpoint, [null]), /\[channel, value\]/],
    ["getTuple with a string as its config", getTuple("t"), /config.*must be an object/],
    ["getTuple with a string as its configurable", getTuple(of("t")), /configurable must be an object/],
    ["getTuple with an empty thread id", getTuple(of({ thread_id: "" })), /thread_id must not be an empty string/],
    ["getTuple with a numeric thread id", getTuple(of({ thread_id: 1 })), /thread_id must be a string/],
    ["list with a string as its config", list("t"), /config.*must be an object/],
    ["list with a numeric thread id", list(of({ thread_id: 1 })), /thread_id must be a string/],
    ["list with a limit that is a string", list(thread, { limit: "5" }), /limit must be a number/],
    ["list with a before that is not a config", list(thread, { before: of("c") }), /configurable must be an object/],
    ["deleteThread without a thread", deleteThread(undefined), /deleteThread needs a thread_id/],
    ["deleteThread with an empty thread id", deleteThread(""), /thread_id must not be an empty string/],
    ["deleteThread with a config", deleteThread(thread), /thread_id must be a string, not an object/],
    ["put with a text as its metadata", putOf({}, "loop"), /metadata must be a plain object/],
    ["put with an array as its metadata", putOf({}, [metadata]), /metadata must be a plain object/],
    ["put with a Map as its metadata", putOf({}, new Map([["step", 1]])), /metadata must be a plain object/],
    [
      "put with metadata that makes a text of itself",
      putOf({}, { toJSON: () => "loop" }),
      /metadata must be a plain object/,
    ],
    [
      "put with an array as its channel values",
      putOf({ channel_values: [1] }),
      /channel_values must be a plain object/,
    ],
    [
      "put with a Map as its channel values",
      putOf({ channel_values: new Map() }),
      /channel_values must be a plain object/,
    ],
    [
      "put with a text as its channel versions",
      putOf({ channel_versions: "1" }),
      /channel_versions must be a plain object/,
    ],
    [
      "put with a list of the channels that changed",
      putOf({ channel_values: { a: 1 } }, metadata, ["a"]),
      /newVersions must be a plain object/,
    ],
    ...[true, {}, [1], NaN, Infinity, 1n].map((version): [string, Call, RegExp] => [
      `put with a version of a channel that is ${typeof version === "number" ? version : kindOf(version)}`,
      versionOf(version),
      /The version of channel "a" must be a number or a string/,
    ]),
    [
      "putWrites with null as its path",
      (saver) => saver.putWrites(checkpoint, [["a", 1]], "task", null as never),
      /taskPath must be a string/,
    ],
    [
      "putWrites with a number as its path",
      (saver) => saver.putWrites(checkpoint, [["a", 1]], "task", 5 as never),
      /taskPath must be a string/,
    ],
    ["list with null as its options", list(thread, null), /options must be an object/],
    ["list with a text as its filter", list(thread, { filter: "loop" }), /filter must be an object/],
    ["listThreads with null as its options", listThreads(null), /options must be an object/],
    ["listThreads with a number as its prefix", listThreads({ prefix: 5 }), /prefix must be a string/],
    ["listThreads with a number as the id before", listThreads({ after: 5 }), /after must be a string/],
    ["listThreads with a limit that is a string", listThreads({ limit: "5" }), /limit must be a number/],
    ["listThreads with an option that it does not have", listThreads({ Limit: 5 }), /no option "Limit".*limit/],
    ["prune with null as its options", prune(null), /options must be an object/],
    ["prune of a number", prune({ threadIds: [5], keepLast: 1 }), /threadIds must be an array of strings/],
    [
      "prune of an array with a hole",
      prune({ threadIds: Object.assign(["1"], { length: 2 }), keepLast: 1 }),
      /threadIds must be an array of strings/,
    ],
    ["prune of a text", prune({ threadIds: "ab", keepLast: 1 }), /threadIds must be an array of strings/],
    [
      "prune with an option in another spelling",
      prune({ threadIds: ["t"], keepLast: 3, keeplast: 1 }),
      /no option "keeplast".*keepLast/,
    ],
    [
      "prune with an option of another name",
      prune({ threadIds: ["t"], keepLast: 3, olderThan: 1 }),
      /no option "olderThan".*olderThanSeconds/,
    ],
    ["deleteForRuns with a text as its runs", deleteForRuns("run", {}), /runIds must be an array of strings/],
    ["deleteForRuns in a text", deleteForRuns(["run"], { threadIds: "ab" }), /threadIds must be an array of strings/],
    ["deleteForRuns in a number", deleteForRuns(["run"], { threadIds: [5] }), /threadIds must be an array of strings/],
    ["deleteForRuns in null", deleteForRuns(["run"], { threadIds: null }), /threadIds must be an array of strings/],
    [
      "deleteForRuns with threads in place of its options",
      deleteForRuns(["run"], ["keep"]),
      /options must be an object.*not an array/,
    ],
    ["deleteForRuns with null as its options", deleteForRuns(["run"], null), /options must be an object/],
    [
      "deleteForRuns with an option that it does not have",
      deleteForRuns(["run"], { threadIDs: ["t"] }),
      /no option "threadIDs".*threadIds/,
    ],
    [
      "copyThread with null as its options",
      (saver) => saver.copyThread("a", "b", null as never),
      /options must be an object/,
    ],
    [
      "copyThread with an option that it does not have",
      (saver) => saver.copyThread("a", "b", { overwrite: true } as never),
      /no option "overwrite"/,
    ],
    ["importThread without lines", importThread(undefined), /importThread needs the lines of an export/],
    [
      "importThread of the text of an export",
      importThread("{}"),
      /importThread needs the lines of an export, for example text\.split/,
    ],
    ["importThread with null as its options", importThread([], null), /options must be an object/],
    ["importThread as a number", importThread([], { threadId: 5 }), /threadId must be a string/],
    ["importThread as an empty id", importThread([], { threadId: "" }), /threadId must not be an empty string/],
    ["importFrom with null as its options", importFrom(null), /options must be an object/],
    ["importFrom of a text", importFrom({ threadIds: "ab" }), /threadIds must be an array of strings/],
    [
      "importFrom with an option that it does not have",
      importFrom({ threads: ["t"] }),
      /no option "threads".*threadIds/,
    ],
    [
      "getDeltaChannelHistory without arguments",
      (saver) => saver.getDeltaChannelHistory(undefined as never),
      /channels must be an array of strings/,
    ],
    [
      "getDeltaChannelHistory of a text",
      (saver) => saver.getDeltaChannelHistory({ config: thread, channels: "x" as never }),
      /channels must be an array of strings/,
    ],
    ["getDeltaChannelHistory without a thread", deltaHistory(of({})), /getDeltaChannelHistory needs a thread_id/],
  ])("%s", async (_, call, says) => {
    const { saver, sent } = observedSaver();

    const error = await errorOf(call(saver));

    expect(error).toMatchObject({ code: "INVALID_INPUT", message: expect.stringMatching(says) });
    expect(sent).toEqual([]);
  });

  // Their ids are arguments of their own, so a config is no help.
  test.each<[what: string, call: Call]>([
    ["a missing task id", putWrites(checkpoint, undefined, null)],
    ["a missing checkpoint.id", put(thread, { ...emptyCheckpoint(), id: undefined })],
    ["deleteThread without a thread", deleteThread(undefined)],
  ])("%s, without sending the caller to the config", async (_, call) => {
    const { saver } = observedSaver();

    const { message } = await errorOf(call(saver));

    expect(message).not.toContain("Pass it in the config");
  });
});

describe("answered without a request:", () => {
  test.each([
    ["an empty configurable", {}],
    ["a checkpoint id alone", { checkpoint_id: "c" }],
    ["a thread id that is null", { thread_id: null }],
  ])("getTuple of %s is undefined", async (_, configurable) => {
    const { saver, sent } = observedSaver();

    expect(await getTuple(of(configurable))(saver)).toBeUndefined();
    expect(sent).toEqual([]);
  });

  test("putWrites of no writes", async () => {
    const { saver, sent } = observedSaver();

    await putWrites(checkpoint, [])(saver);

    expect(sent).toEqual([]);
  });

  test("end()", async () => {
    const { saver, sent } = observedSaver();

    await saver.end();

    expect(sent).toEqual([]);
  });
});
