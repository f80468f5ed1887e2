import { compareCodePoints } from "../format/code-points.js";
import { ByteLru } from "../payload/byte-lru.js";

/** LangGraph's channel of a question. */
const INTERRUPT = "__interrupt__";
const KNOWN_BYTES = 256 * 1_024;
/** Of one task. */
const MOST = 50;

/**
 * In which subgraphs' namespaces tasks of this instance have asked something, and wait for an answer. A question that
 * is asked in a subgraph is also that of the task that runs it: that one's writes say where it was asked (`BELOW`).
 */
export class Questions {
  /** By thread; in each, the checkpoint whose task has asked, by namespace. */
  readonly #asked = new ByteLru<Map<string, string>>(KNOWN_BYTES);

  /**
   * A task of this checkpoint writes to these channels. A subgraph's task asks before the one that runs the subgraph.
   * @returns in which namespaces it was asked that the task asks now
   */
  wrote(threadId: string, ns: string, checkpointId: string, channels: readonly string[]): string[] {
    if (!channels.includes(INTERRUPT)) return [];
    const all = new Map(this.#asked.get(threadId));
    const below = [...all.keys()].filter((one) => isBelow(one, ns)).slice(-MOST);
    if (ns !== "") this.#keep(threadId, all.set(ns, checkpointId));
    return below;
  }

  /** A checkpoint was put: what earlier ones had asked, here or below, is answered. Ids rise with time. */
  put(threadId: string, ns: string, id: string): void {
    const all = this.#asked.get(threadId);
    if (!all) return;
    const left = [...all].filter(([one, by]) => !((one === ns || isBelow(one, ns)) && compareCodePoints(by, id) < 0));
    this.#keep(threadId, new Map(left));
  }

  #keep(threadId: string, all: Map<string, string>): void {
    const bytes = [...all].reduce((sum, [ns, id]) => sum + 2 * (ns.length + id.length) + 50, 2 * threadId.length);
    if (all.size === 0) this.#asked.delete(threadId);
    else this.#asked.set(threadId, all, bytes);
  }
}

const isBelow = (one: string, ns: string): boolean => one !== ns && (ns === "" || one.startsWith(`${ns}|`));
