import { MemorySaver } from "@langchain/langgraph-checkpoint";

/** The baseline: what LangGraph itself has, in the process. Another instance would know nothing. */
export const open = async () => openSaver(new MemorySaver());

/** @param {MemorySaver} saver @returns {import("../run.js").OpenPlace} */
export function openSaver(saver) {
  /** @param {(key: string) => boolean} isOf */
  const kept = (isOf) => {
    const checkpoints = Object.entries(saver.storage)
      .filter(([id]) => isOf(id))
      .flatMap(([, namespaces]) => Object.values(namespaces).flatMap(Object.values))
      .flatMap(([checkpoint, metadata]) => [checkpoint, metadata]);
    const writes = Object.entries(saver.writes)
      .filter(([key]) => isOf(JSON.parse(key)[0]))
      .flatMap(([, ofTasks]) => Object.values(ofTasks).map(([, , value]) => value));
    return [...checkpoints, ...writes];
  };
  return {
    saver: () => saver,
    left: async (/** @type {string} */ threadId) => kept((id) => id === threadId).length,
    stored: async () => kept(() => true).reduce((sum, bytes) => sum + bytes.length, 0),
  };
}
