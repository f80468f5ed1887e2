import {
  ERROR,
  INTERRUPT,
  RESUME,
  SCHEDULED,
  WRITES_IDX_MAP,
  type CheckpointTuple,
  type DeltaChannelHistory,
  type PendingWrite,
} from "@langchain/langgraph-checkpoint";
import { isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import { collect } from "../savers/checkpoints.js";
import type { Random } from "../hostile/random.js";
import type { Instance } from "./instances.js";
import type { CallRecord, PutRecord } from "./record.js";
import type { Story } from "./story.js";
import { DELTA } from "./values.js";
import type { World } from "./world.js";

const SPECIAL = [ERROR, SCHEDULED, INTERRUPT, RESUME];
let calls = 0;

/**
 * What one worker does with one thread through one instance: what LangGraph's loop would, or a reader, or a deletion.
 */
export class Run {
  constructor(
    private readonly world: World,
    private readonly story: Story,
    private readonly instance: Instance,
    private readonly random: Random,
  ) {}

  /**
   * A run begins with a read, and then puts one checkpoint after the other, until it is done or a call fails for good.
   */
  async supersteps(): Promise<void> {
    const { random, story } = this;
    const start = random.chance(0.85) || story.kind === "delta" ? await this.#latest("") : await this.#known("");
    if (!start) return;
    let head = start.found;
    for (let left = 1 + random.below(6); left > 0 && !story.isOver; left--) {
      if (head && !(await this.#tasks(head))) return;
      const put = story.superstep(random, { parent: head, ns: "" });
      if (!(await this.#put(put))) return;
      head = put;
      if (random.chance(0.15)) await this.#subgraph(head);
      if (random.chance(0.1)) await this.#latest("");
    }
  }

  /** One read, of any kind. */
  async read(): Promise<void> {
    const { random, story } = this;
    const all = [...story.record.puts.values()];
    const namespaces = [...new Set(["", ...all.map(({ ns }) => ns)])];
    const ns = random.chance(0.7) ? "" : random.pick(namespaces);
    switch (random.weighted({ latest: 35, one: 25, list: 15, history: story.kind === "delta" ? 25 : 0 })) {
      case "latest":
        await this.#latest(ns);
        break;
      case "one":
        if (all.length > 0) await this.#one(random.pick(all));
        break;
      case "list":
        await this.#list(random.chance(0.3) ? undefined : ns, all);
        break;
      case "history":
        await this.#history(all);
    }
  }

  /** @returns whether it was acknowledged */
  async deleteThread(): Promise<boolean> {
    const deletion = this.world.begin();
    this.story.record.deletes.push(deletion);
    return (
      (await this.#call(
        "deleteThread",
        "deleteThread",
        (saver) => saver.deleteThread(this.story.threadId),
        deletion,
      )) !== undefined
    );
  }

  async listThreads(): Promise<void> {
    await this.#call("listThreads", "listThreads", (saver) => collect(saver.listThreads()));
  }

  async #latest(ns: string): Promise<{ found: PutRecord | undefined } | undefined> {
    const span = this.world.begin();
    const result = await this.#call(
      "getTuple",
      `latest of "${ns}"`,
      (saver) => saver.getTuple(this.story.configOf({ ns })),
      span,
    );
    return result && { found: this.story.judge.latest(result.value, ns, span) };
  }

  async #one(put: PutRecord): Promise<boolean | undefined> {
    const span = this.world.begin();
    const result = await this.#call(
      "getTuple",
      `read ${put.id}`,
      (saver) => saver.getTuple(this.story.configOf(put)),
      span,
    );
    return result && this.story.judge.one(result.value, put, span);
  }

  /** A replay, or a fork: goes on from an older checkpoint. */
  async #known(ns: string): Promise<{ found: PutRecord | undefined } | undefined> {
    const known = this.story.known(ns);
    if (known.length === 0) return this.#latest(ns);
    const put = this.random.pick(known);
    const isThere = await this.#one(put);
    return isThere === undefined ? undefined : isThere ? { found: put } : this.#latest(ns);
  }

  async #list(ns: string | undefined, all: PutRecord[]): Promise<void> {
    const { random, story } = this;
    const limit = random.chance(0.6) ? 1 + random.below(10) : undefined;
    const before = random.chance(0.2) && all.length > 0 ? random.pick(all).id : undefined;
    const options = {
      ...(limit !== undefined && { limit }),
      ...(before !== undefined && { before: { configurable: { checkpoint_id: before } } }),
    };
    const span = this.world.begin();
    const config = { configurable: { thread_id: story.threadId, ...(ns !== undefined && { checkpoint_ns: ns }) } };
    const result = await this.#call(
      "list",
      `list ${JSON.stringify([ns, limit, before])}`,
      (saver) => collect<CheckpointTuple>(saver.list(config, options)),
      span,
    );
    if (result) story.judge.list(result.value, { ns, limit: limit ?? Infinity, before }, span);
  }

  async #history(all: PutRecord[]): Promise<void> {
    const puts = all.filter((put) => put.ns === "" && !put.contents.has(DELTA));
    if (puts.length === 0) return;
    const put = this.random.pick(puts);
    const span = this.world.begin();
    const read = (saver: Instance["saver"]): Promise<Record<string, DeltaChannelHistory>> =>
      saver.getDeltaChannelHistory({ config: this.story.configOf(put), channels: [DELTA] });
    // Of a thread that was deleted there may be no ancestors any more, and a shorter history would be a wrong one.
    const isGone = (error: unknown): boolean =>
      isDynamoDBSaverError(error) && error.code === "MISSING_DATA" && !this.story.judge.mustBeWhole(put, span);
    const result = await this.world.call(
      this.story,
      this.instance,
      "getDeltaChannelHistory",
      `history of ${put.id}`,
      read,
      span,
      isGone,
    );
    if (result) this.story.judge.history(result.value[DELTA]!, put, span);
  }

  /** Puts a checkpoint, and again if that failed, as a caller may. False when the run ends here. */
  async #put(put: PutRecord): Promise<boolean> {
    const { random, story } = this;
    // With async durability, a task's writes may be on their way before the checkpoint is.
    const early =
      story.kind !== "delta" && random.chance(0.1) ? this.#write(put, story.record.callsOf(put.id).length) : undefined;
    for (let tries = 1; ; tries++) {
      const attempt = this.world.begin();
      put.attempts.push(attempt);
      story.record.puts.set(put.id, put);
      const what =
        `put ${put.id} "${put.ns}" after ${put.parent?.id ?? "nothing"}, ` +
        `${put.metadata.source}${put.contents.has("blob") ? ", with a blob" : ""}`;
      const store = (saver: Instance["saver"]): Promise<unknown> =>
        saver.put(...(story.argumentsOf(put) as Parameters<typeof saver.put>));
      const isRefused = (error: unknown): boolean =>
        (attempt.refused = this.world.rejectsConflicts && isDynamoDBSaverError(error) && error.code === "CONFLICT");
      const [stored] = await Promise.all([
        this.world.call(story, this.instance, "put", what, store, attempt, isRefused),
        early,
      ]);
      if (stored) return true;
      if (attempt.refused) {
        story.judge.conflict(put, attempt);
        return false;
      }
      if (tries === 3 || this.instance.isKilled() || random.chance(0.5)) return false;
    }
  }

  /** The tasks of a superstep write. False when one could not. */
  async #tasks(head: PutRecord): Promise<boolean> {
    const { random, story } = this;
    const calls = story.record.callsOf(head.id);
    const isDelta = story.kind === "delta";
    // What a `DeltaChannel` holds must be known before the next checkpoint counts it.
    for (const call of isDelta ? calls.filter(({ ok }) => !ok) : []) if (!(await this.#send(call, head))) return false;
    for (let left = random.below(3); left > 0; left--) {
      // Mostly a task of its own; sometimes one that is run again, or two calls at the same time.
      const sent = [this.#write(head, random.chance(0.75) ? calls.length : random.below(calls.length + 1))];
      if (random.chance(0.2)) sent.push(this.#write(head, calls.length));
      if (!(await Promise.all(sent)).every(Boolean) && isDelta) return false;
    }
    return true;
  }

  async #write(put: PutRecord, task: number): Promise<boolean> {
    const { random, story } = this;
    const number = ++calls;
    const isDelta = story.kind === "delta" && put.ns === "";
    // Of a `DeltaChannel` every write counts, so no two tasks have the same name.
    const taskId = `task#${String(isDelta ? number : task).padStart(9, "0")}`;
    const path = task % 2 === 0 ? "" : "~__pregel_pull, node";
    const writes = isDelta ? story.deltaWrite(number, random) : this.#writes(number);
    const call: CallRecord = {
      ...this.world.begin(),
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
        await this.#call(
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

  /** A subgraph has a namespace of its own for each time it runs. */
  async #subgraph(beside: PutRecord): Promise<void> {
    const ns = `child#${beside.id}|50%`;
    let head: PutRecord | undefined;
    for (let left = 1 + this.random.below(3); left > 0 && !this.story.isOver; left--) {
      const put: PutRecord = this.story.superstep(this.random, { parent: head, ns, beside: head ? undefined : beside });
      if (!(await this.#put(put))) return;
      head = put;
    }
    if (this.random.chance(0.3)) await this.#latest(ns);
  }

  #call<T>(
    kind: string,
    what: string,
    action: (saver: Instance["saver"]) => Promise<T>,
    span?: ReturnType<World["begin"]>,
  ): Promise<{ value: T } | undefined> {
    return this.world.call(this.story, this.instance, kind, what, action, span);
  }
}
