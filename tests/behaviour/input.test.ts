import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { errorOf, observedSaver } from "../lanes/faulty-fetch.js";

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
    ["put with a numeric thread id", put(of({ thread_id: 1 })), /thread_id must be a string, not a number.*String\(thread_id\)/],
    ["put with a namespace that is not text", put(of({ thread_id: "t", checkpoint_ns: [] })), /checkpoint_ns must be a string, not an array/],
    ["put with a parent id that is not text", put(of({ thread_id: "t", checkpoint_id: 5 })), /checkpoint_id must be a string, not a number/],
    ["put with a string as its checkpoint", put(thread, "c"), /needs a checkpoint object/],
    ["put without a checkpoint", put(thread, null), /needs a checkpoint object/],
    ["put with a checkpoint without an id", put(thread, { ...emptyCheckpoint(), id: undefined }), /checkpoint id/],
    ["put with a checkpoint whose id is empty", put(thread, { ...emptyCheckpoint(), id: "" }), /checkpoint id must not be an empty string/],
    ["put with a checkpoint whose id is a number", put(thread, { ...emptyCheckpoint(), id: 7 }), /checkpoint id must be a string/],
    ["putWrites without a thread", putWrites(of({ checkpoint_id: "c" })), /putWrites needs a thread_id/],
    ["putWrites with an empty thread id", putWrites(of({ thread_id: "", checkpoint_id: "c" })), /thread_id must not be an empty string/],
    ["putWrites without a checkpoint id", putWrites(thread), /putWrites needs a checkpoint_id/],
    ["putWrites with a numeric checkpoint id", putWrites(of({ thread_id: "t", checkpoint_id: 5 })), /checkpoint_id must be a string/],
    ["putWrites without a task id", putWrites(checkpoint, undefined, null), /putWrites needs a taskId/],
    ["putWrites with an empty task id", putWrites(checkpoint, undefined, ""), /taskId must not be an empty string/],
    ["putWrites with a numeric task id", putWrites(checkpoint, undefined, 1), /taskId must be a string, not a number/],
    ["putWrites with an object as its writes", putWrites(checkpoint, { channel: 1 }), /putWrites needs an array of \[channel, value\] pairs/],
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
  test.each([["an empty configurable", {}], ["a checkpoint id alone", { checkpoint_id: "c" }], ["a thread id that is null", { thread_id: null }]])(
    "getTuple of %s is undefined",
    async (_, configurable) => {
      const { saver, sent } = observedSaver();

      expect(await getTuple(of(configurable))(saver)).toBeUndefined();
      expect(sent).toEqual([]);
    },
  );

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
