import { isDeepStrictEqual } from "node:util";
import { Command } from "@langchain/langgraph";
import { figures } from "../../../bench/agent.js";
import { asking, conversation, halfFailing, keeping } from "./graphs.js";

/** @import { BaseCheckpointSaver, CheckpointListOptions } from "@langchain/langgraph-checkpoint" */

/**
 * Where a saver keeps threads.
 * @typedef {object} Place
 * @property {() => BaseCheckpointSaver | Promise<BaseCheckpointSaver>} saver another one each time, where what was
 *   stored can be read by another one
 * @property {(threadId: string) => Promise<number>} left how many rows, items or keys of a thread there are
 */

/**
 * What a saver must do, each with a thread of its own, by its name in the table. Whatever is read back is read by
 * another saver than wrote it. Each compares with all that is expected, so that nothing passes that is only alike.
 * @type {Record<string, (place: Place, threadId: string) => Promise<boolean>>}
 */
export const PROBES = {
  "an answer that is generated again from an older checkpoint is the newest": async (place, threadId) => {
    const { graph, again } = await regenerated(place, threadId);
    const { values, next } = await graph.getState(configOf(threadId));
    return isDeepStrictEqual(again.log, AGAIN) && isDeepStrictEqual(values.log, AGAIN) && next.length === 0;
  },

  "the old branch shows its own answer still": async (place, threadId) => {
    const { graph, before } = await regenerated(place, threadId);
    const { values } = await graph.getState(before);
    return isDeepStrictEqual(values.log, ["hi", "thought", "answer 1", "and?", "thought", "answer 2"]);
  },

  "a fork by updateState goes on": async (place, threadId) => {
    const graph = conversation(await place.saver());
    await graph.invoke({ log: ["hi"] }, configOf(threadId));
    const beforeAnswer = await walkBack(graph, threadId, ({ next }) => next[0] === "answer");
    const fork = await graph.updateState(beforeAnswer, { log: ["edited"] });
    const ended = await graph.invoke(null, fork);
    const { values } = await conversation(await place.saver()).getState(configOf(threadId));
    const expected = ["hi", "thought", "edited", "answer 2"];
    return isDeepStrictEqual(ended?.log, expected) && isDeepStrictEqual(values.log, expected);
  },

  "the history is whole and in order": async (place, threadId) => {
    const { graph } = await talked(place, threadId);
    const states = [];
    for await (const { values, metadata } of graph.getStateHistory(configOf(threadId)))
      states.push([metadata?.step, values.log?.length ?? 0]);
    // A turn is 5 checkpoints: its input, the state before each of the three nodes, and at the end.
    const expected = Array.from({ length: TURNS * 5 }, (_, i) => [i - 1, Math.floor(i / 5) * 3 + Math.min(i % 5, 3)]);
    return isDeepStrictEqual(states, expected.reverse());
  },

  "`before` and `limit` give that page of it": async (place, threadId) => {
    const { saver, steps } = await talked(place, threadId);
    const ids = await walkedIds(saver, threadId);
    const before = { configurable: { thread_id: threadId, checkpoint_ns: "", checkpoint_id: ids[3] } };
    return (
      ids.length === TURNS * 5 &&
      isDeepStrictEqual(await steps({ limit: 2 }), [LAST_STEP, LAST_STEP - 1]) &&
      isDeepStrictEqual(await steps({ before, limit: 3 }), [LAST_STEP - 4, LAST_STEP - 5, LAST_STEP - 6])
    );
  },

  "a `filter` finds all that fit, and no others": async (place, threadId) => {
    const { steps } = await talked(place, threadId);
    const inputs = Array.from({ length: TURNS }, (_, turn) => turn * 5 - 1).reverse();
    return (
      isDeepStrictEqual(await steps({ filter: { source: "input" } }), inputs) &&
      isDeepStrictEqual(await steps({ filter: { source: "input" }, limit: 2 }), inputs.slice(0, 2)) &&
      isDeepStrictEqual(await steps({ filter: { source: "loop", step: 6 } }), [6])
    );
  },

  "twelve writes of one task keep their order": async (place, threadId) => {
    const { ended } = await failedAndResumed(place, threadId, 12);
    return isDeepStrictEqual(ended.log, ["in", ...Array.from({ length: 12 }, (_, i) => String(i))]);
  },

  "after a failure beside it, a node that was done is not run again": async (place, threadId) => {
    const { ended, runs } = await failedAndResumed(place, threadId, 1);
    return isDeepStrictEqual(runs, { good: 1, failing: 2 }) && isDeepStrictEqual(ended.log, ["in", "0"]);
  },

  "an interrupt in a subgraph is seen, and resumed where it was": async (place, threadId) => {
    const { graph, runs } = asking(await place.saver());
    await graph.invoke({ log: ["in"] }, configOf(threadId));
    const { next, tasks } = await graph.getState(configOf(threadId));
    const questions = tasks.flatMap(({ interrupts }) => interrupts.map(({ value }) => value));
    const ended = await graph.invoke(new Command({ resume: "yes" }), configOf(threadId));
    return (
      isDeepStrictEqual(next, ["child"]) &&
      isDeepStrictEqual(questions, ["May I?"]) &&
      isDeepStrictEqual(runs, { first: 1, prepare: 1 }) &&
      isDeepStrictEqual(ended, { log: ["in", "in", "prepared", "asked"], value: "yes" })
    );
  },

  "deleteThread leaves nothing of it, and all of another": async (place, threadId) => {
    const other = `${threadId}2`;
    const saver = await place.saver();
    const graph = conversation(saver);
    for (const id of [threadId, other]) await graph.invoke({ log: ["hi"] }, configOf(id));
    const were = [await place.left(threadId), await place.left(other)];
    await saver.deleteThread(threadId);
    const are = [await place.left(threadId), await place.left(other)];
    const { values } = await conversation(await place.saver()).getState(configOf(threadId));
    return (were[0] ?? 0) > 3 && isDeepStrictEqual(are, [0, were[1]]) && isDeepStrictEqual(values, {});
  },

  "two threads side by side do not mix": async (place, threadId) => {
    const ids = [threadId, `${threadId}2`];
    const graph = keeping(await place.saver());
    for (let turn = 0; turn < 3; turn++)
      await Promise.all(ids.map((id) => graph.invoke({ log: [`${id} ${turn}`], value: id }, configOf(id))));
    const reader = keeping(await place.saver());
    const states = await Promise.all(ids.map(async (id) => (await reader.getState(configOf(id))).values));
    return isDeepStrictEqual(
      states,
      ids.map((id) => ({ log: [0, 1, 2].map((turn) => `${id} ${turn}`), value: id })),
    );
  },

  "a state of 1 MB comes back": (place, threadId) => comesBack(place, threadId, figures(1_000_000)),

  "binary values come back as such": (place, threadId) =>
    comesBack(place, threadId, { bytes: Uint8Array.from({ length: 256 }, (_, i) => i), empty: new Uint8Array() }),
};

const TURNS = 6;
const LAST_STEP = TURNS * 5 - 2;
const AGAIN = ["hi", "thought", "answer 1", "and?", "thought", "answer 3"];

const configOf = (/** @type {string} */ threadId) => ({ configurable: { thread_id: threadId } });

/**
 * The checkpoint of a thread that is wanted, found from the latest one by its parents.
 * @param {ReturnType<typeof conversation>} graph
 * @param {string} threadId
 * @param {(state: { next: string[] }) => boolean} isWanted
 */
async function walkBack(graph, threadId, isWanted) {
  let state = await graph.getState(configOf(threadId));
  while (!isWanted(state)) {
    if (!state.parentConfig) throw new Error("The checkpoint before that is missing.");
    state = await graph.getState(state.parentConfig);
  }
  return state.config;
}

/** @param {BaseCheckpointSaver} saver @param {string} threadId */
async function walkedIds(saver, threadId) {
  const ids = [];
  for (let tuple = await saver.getTuple(configOf(threadId)); tuple;) {
    ids.push(tuple.checkpoint.id);
    tuple = tuple.parentConfig && (await saver.getTuple(tuple.parentConfig));
  }
  return ids;
}

/** Two turns, and the second answer once more. @param {Place} place @param {string} threadId */
async function regenerated(place, threadId) {
  const graph = conversation(await place.saver());
  for (const text of ["hi", "and?"]) await graph.invoke({ log: [text] }, configOf(threadId));
  const { config: before } = await graph.getState(configOf(threadId));
  const again = await graph.invoke(null, await walkBack(graph, threadId, ({ next }) => next[0] === "answer"));
  return { graph: conversation(await place.saver()), before, again };
}

/** @param {Place} place @param {string} threadId */
async function talked(place, threadId) {
  const graph = conversation(await place.saver());
  for (let turn = 0; turn < TURNS; turn++) await graph.invoke({ log: ["hi"] }, configOf(threadId));
  const saver = await place.saver();
  /** @param {CheckpointListOptions} options */
  const steps = async (options) => {
    const found = [];
    const config = { configurable: { thread_id: threadId, checkpoint_ns: "" } };
    for await (const { metadata } of saver.list(config, options)) found.push(metadata?.step);
    return found;
  };
  return { graph: conversation(saver), saver, steps };
}

/** @param {Place} place @param {string} threadId @param {number} count */
async function failedAndResumed(place, threadId, count) {
  const { graph, runs } = halfFailing(await place.saver(), count);
  const failed = await graph.invoke({ log: ["in"] }, configOf(threadId)).then(
    () => false,
    (/** @type {Error} */ { message }) => message === "This node fails once." || Promise.reject(new Error(message)),
  );
  if (!failed) throw new Error("The node that fails has not run.");
  return { ended: await graph.invoke(null, configOf(threadId)), runs };
}

/** @param {Place} place @param {string} threadId @param {unknown} value */
async function comesBack(place, threadId, value) {
  await keeping(await place.saver()).invoke({ value }, configOf(threadId));
  const { values } = await keeping(await place.saver()).getState(configOf(threadId));
  return isDeepStrictEqual(values.value, value);
}
