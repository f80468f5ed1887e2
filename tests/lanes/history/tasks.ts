import {
  ERROR,
  INTERRUPT,
  RESUME,
  SCHEDULED,
  WRITES_IDX_MAP,
  type PendingWrite,
} from "@langchain/langgraph-checkpoint";
import type { Random } from "../hostile/random.js";
import type { Caller } from "./caller.js";
import type { Instance } from "./instances.js";
import type { CallRecord, PutRecord } from "./record.js";
import type { Story } from "./story.js";

const SPECIAL = [ERROR, SCHEDULED, INTERRUPT, RESUME];
let calls = 0;

/** What the tasks of a run write. */
export class Tasks {
  constructor(
    private readonly caller: Caller,
    private readonly story: Story,
    private readonly instance: Instance,
    private readonly random: Random,
  ) {}

  /** The tasks of a superstep write. False when one could not. */
  async superstep(head: PutRecord): Promise<boolean> {
    const { random, story } = this;
    const calls = story.record.callsOf(head.id);
    const isDelta = story.kind === "delta";
    // What a `DeltaChannel` holds must be known before the next checkpoint counts it.
    for (const call of isDelta ? calls.filter(({ ok }) => !ok) : []) if (!(await this.#send(call, head))) return false;
    for (let left = random.below(3); left > 0; left--) {
      // Mostly a task of its own; sometimes one that is run again, or two calls at the same time.
      const sent = [this.write(head, random.chance(0.75) ? calls.length : random.below(calls.length + 1))];
      if (random.chance(0.2)) sent.push(this.write(head, calls.length));
      if (!(await Promise.all(sent)).every(Boolean) && isDelta) return false;
    }
    return true;
  }

  async write(put: PutRecord, task: number): Promise<boolean> {
    const { random, story } = this;
    const number = ++calls;
    const isDelta = story.kind === "delta" && put.ns === "";
    // Of a `DeltaChannel` every write counts, so no two tasks have the same name.
    const taskId = `task#${String(isDelta ? number : task).padStart(9, "0")}`;
    const path = task % 2 === 0 ? "" : "~__pregel_pull, node";
    const writes = isDelta ? story.deltaWrite(number, random) : this.#writes(number);
    const call: CallRecord = {
      ...this.caller.begin(),
      number,
      checkpointId: put.id,
      taskId,
      path,
      by: this.instance,
      writes,
    };
    story.record.addCall(call);
    return this.#send(call, put);
  }

  /** Makes a call, for the first time or once more, and again if it fails, as a caller may. */
  async #send(call: CallRecord, put: PutRecord): Promise<boolean> {
    const { taskId, path, writes, number } = call;
    // Ordinary writes first, because their place is their index.
    const sorted = [...writes].toSorted(([a], [b]) => Number(a < 0) - Number(b < 0) || a - b);
    const args = sorted.map(([, { channel, value }]): PendingWrite => [channel, value]);
    const what =
      `putWrites ${number} to ${put.id}, ${taskId}, ` +
      `${[...writes.keys()].slice(0, 8).join()}${writes.size > 8 ? "…" : ""}`;
    for (let tries = 1; ; tries++) {
      // From the second time on it is not known any more what came before what.
      if (call.ended < Infinity) Object.assign(call, { ended: Infinity, by: {} });
      if (
        await this.caller.call(
          this.story,
          this.instance,
          "putWrites",
          what,
          (saver) => saver.putWrites(this.story.configOf(put), args, taskId, path),
          call,
        )
      )
        return true;
      if (tries === 4 || this.instance.isKilled() || this.random.chance(0.5)) return false;
    }
  }

  #writes(number: number): CallRecord["writes"] {
    const { random, story } = this;
    const writes: CallRecord["writes"] = new Map();
    const count = random.chance(0.01) ? 120 : random.below(4);
    for (let index = 0; index < count; index++)
      writes.set(index, {
        channel: `channel ${index}`,
        value: story.values.write(number, index, random.chance(0.03) ? 70_000 : 20),
      });
    if (count === 0 || random.chance(0.15)) {
      const channel = random.pick(SPECIAL);
      writes.set(WRITES_IDX_MAP[channel]!, {
        channel,
        value: story.values.write(number, WRITES_IDX_MAP[channel]!, 20),
      });
    }
    return writes;
  }
}
