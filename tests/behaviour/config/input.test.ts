import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { errorOf, observedSaver } from "../../lanes/faults/faulty-fetch.js";
import {
  type Call,
  checkpoint,
  deleteForRuns,
  deleteThread,
  deltaHistory,
  getTuple,
  importFrom,
  importThread,
  list,
  listThreads,
  metadata,
  of,
  prune,
  put,
  putOf,
  putWrites,
  thread,
  versionOf,
} from "./untyped-calls.js";

/* Needs no server. */
const kindOf = (value: unknown): string => Object.prototype.toString.call(value);

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
    ["put with a format that is a text", putOf({ v: "4" }), /checkpoint.v must be a number/],
    ["put with a list of versions seen", putOf({ versions_seen: [] }), /what nodes have seen objects/],
    [
      "put with counters that are a text",
      putOf({}, { counters_since_delta_snapshot: "a" }),
      /counters_since_delta_snapshot must be a plain object/,
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
