import type { RunnableConfig } from "@langchain/core/runnables";
import { type Checkpoint, type CheckpointTuple, MemorySaver } from "@langchain/langgraph-checkpoint";
import { collect } from "../lanes/savers/checkpoints.js";

type Methods = Pick<MemorySaver, "getTuple" | "list" | "put" | "putWrites" | "deleteThread">;

/** A MemorySaver some of whose methods do something else. */
function faulty(faults: (sound: Methods) => Partial<Methods>): MemorySaver {
  const saver = new MemorySaver();
  const sound = {
    getTuple: saver.getTuple.bind(saver),
    list: saver.list.bind(saver),
    put: saver.put.bind(saver),
    putWrites: saver.putWrites.bind(saver),
    deleteThread: saver.deleteThread.bind(saver),
  };
  return Object.assign(saver, faults(sound));
}

/** Reads tuples in another way than they were written. */
const changing = (change: (tuple: CheckpointTuple) => void): MemorySaver =>
  faulty(({ getTuple }) => ({
    getTuple: async (config) => {
      const tuple = await getTuple(config);
      if (tuple) change(tuple);
      return tuple;
    },
  }));

const changingValue = (change: (value: unknown) => unknown): MemorySaver =>
  changing(({ checkpoint: { channel_values: values } }) => {
    if ("value" in values) values.value = change(values.value);
  });

/** Has one value for each version of a channel. Two branches count alike, so they share it. */
function sharingVersions(kept: "first" | "last"): MemorySaver {
  const values = new Map<string, unknown>();
  const keyOf = (config: RunnableConfig, channel: string, { channel_versions }: Checkpoint) =>
    JSON.stringify([config.configurable!.thread_id, channel, channel_versions[channel]]);
  return faulty(({ put, getTuple }) => ({
    put: (config, checkpoint, metadata) => {
      for (const [channel, value] of Object.entries(checkpoint.channel_values)) {
        const key = keyOf(config, channel, checkpoint);
        if (kept === "last" || !values.has(key)) values.set(key, value);
      }
      return put(config, checkpoint, metadata);
    },
    getTuple: async (config) => {
      const tuple = await getTuple(config);
      const channels = tuple?.checkpoint.channel_values ?? {};
      for (const channel of Object.keys(channels))
        channels[channel] = values.get(keyOf(config, channel, tuple!.checkpoint));
      return tuple;
    },
  }));
}

/** For each probe a saver that it must say no to. */
export const FAULTS: Record<string, () => MemorySaver> = {
  "an answer that is generated again from an older checkpoint is the newest": () => sharingVersions("first"),
  "the old branch shows its own answer still": () => sharingVersions("last"),
  "a fork by updateState goes on": () => sharingVersions("first"),
  "the history is whole and in order": () =>
    faulty(({ list }) => ({
      async *list(config, options) {
        yield* (await collect(list(config, options))).slice(0, -1);
      },
    })),
  "`before` and `limit` give that page of it": () =>
    faulty(({ list }) => ({ list: (config, { before: _, ...options } = {}) => list(config, options) })),
  "a `filter` finds all that fit, and no others": () =>
    // The limit comes first here, so that less is found than there is.
    faulty(({ list }) => ({
      async *list(config, { filter, ...options } = {}) {
        for (const tuple of await collect(list(config, options)))
          if (tuple.metadata?.source === (filter?.source ?? tuple.metadata?.source)) yield tuple;
      },
    })),
  "twelve writes of one task keep their order": () =>
    changing((tuple) => {
      const numbered = (tuple.pendingWrites ?? []).map((write, i) => ({ write, text: String(i) }));
      tuple.pendingWrites = numbered.sort((a, b) => (a.text < b.text ? -1 : 1)).map(({ write }) => write);
    }),
  "after a failure beside it, a node that was done is not run again": () =>
    faulty(() => ({ putWrites: async () => {} })),
  "an interrupt in a subgraph is seen, and resumed where it was": () =>
    // Takes the latest of any namespace for the latest of the root.
    faulty(({ list, getTuple }) => ({
      getTuple: async (config) => {
        const { thread_id, checkpoint_ns, checkpoint_id } = config.configurable!;
        if (checkpoint_ns || checkpoint_id) return getTuple(config);
        const all = await collect(list({ configurable: { thread_id: thread_id as string } }));
        return all.sort((a, b) => (a.checkpoint.id < b.checkpoint.id ? 1 : -1))[0];
      },
    })),
  "deleteThread leaves nothing of it, and all of another": () =>
    faulty(({ deleteThread }) => ({
      deleteThread: async (threadId) => {
        await deleteThread(threadId);
        await deleteThread(`${threadId}2`);
      },
    })),
  "two threads side by side do not mix": () => {
    const renamed = (config: RunnableConfig) => {
      const { thread_id, ...rest } = config.configurable!;
      return { configurable: { ...rest, thread_id: String(thread_id).slice(0, 36) } };
    };
    return faulty(({ getTuple, put, putWrites }) => ({
      getTuple: (config) => getTuple(renamed(config)),
      put: (config, ...rest) => put(renamed(config), ...rest),
      putWrites: (config, ...rest) => putWrites(renamed(config), ...rest),
    }));
  },
  "a state of 1 MB comes back": () =>
    changingValue((value) => (typeof value === "string" ? value.slice(0, 400_000) : value)),
  "binary values come back as such": () => changingValue((value) => JSON.parse(JSON.stringify(value)) as unknown),
};
