import type { CheckpointTuple, DeltaChannelHistory } from "@langchain/langgraph-checkpoint";
import { isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import { collect } from "../savers/checkpoints.js";
import type { Random } from "../hostile/random.js";
import type { Caller } from "./caller.js";
import type { Instance } from "./instances.js";
import type { PutRecord } from "./record.js";
import type { Story } from "./story.js";
import { Tasks } from "./tasks.js";
import { DELTA } from "./values.js";

/**
 * What one worker does with one thread through one instance: what LangGraph's loop would, or a reader, or a deletion.
 */
export class Run {
  readonly #tasks: Tasks;

  constructor(
    private readonly caller: Caller,
    private readonly story: Story,
    private readonly instance: Instance,
    private readonly random: Random,
  ) {
    this.#tasks = new Tasks(caller, story, instance, random);
  }

  /**
   * A run begins with a read, and then puts one checkpoint after the other, until it is done or a call fails for good.
   */
  async supersteps(): Promise<void> {
    const { random, story } = this;
    const start = random.chance(0.85) || story.kind === "delta" ? await this.#latest("") : await this.#known("");
    if (!start) return;
    let head = start.found;
    for (let left = 1 + random.below(6); left > 0 && !story.isOver; left--) {
      if (head && !(await this.#tasks.superstep(head))) return;
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
    const deletion = this.caller.begin();
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
    const span = this.caller.begin();
    const result = await this.#call(
      "getTuple",
      `latest of "${ns}"`,
      (saver) => saver.getTuple(this.story.configOf({ ns })),
      span,
    );
    return result && { found: this.story.judge.latest(result.value, ns, span) };
  }

  async #one(put: PutRecord): Promise<boolean | undefined> {
    const span = this.caller.begin();
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
    const span = this.caller.begin();
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
    const span = this.caller.begin();
    const read = (saver: Instance["saver"]): Promise<Record<string, DeltaChannelHistory>> =>
      saver.getDeltaChannelHistory({ config: this.story.configOf(put), channels: [DELTA] });
    // Of a thread that was deleted there may be no ancestors any more, and a shorter history would be a wrong one.
    const isGone = (error: unknown): boolean =>
      isDynamoDBSaverError(error) && error.code === "MISSING_DATA" && !this.story.judge.mustBeWhole(put, span);
    const result = await this.caller.call(
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
      story.kind !== "delta" && random.chance(0.1)
        ? this.#tasks.write(put, story.record.callsOf(put.id).length)
        : undefined;
    for (let tries = 1; ; tries++) {
      const attempt = this.caller.begin();
      put.attempts.push(attempt);
      story.record.puts.set(put.id, put);
      const what =
        `put ${put.id} "${put.ns}" after ${put.parent?.id ?? "nothing"}, ` +
        `${put.metadata.source}${put.contents.has("blob") ? ", with a blob" : ""}`;
      const store = (saver: Instance["saver"]): Promise<unknown> =>
        saver.put(...(story.argumentsOf(put) as Parameters<typeof saver.put>));
      const isRefused = (error: unknown): boolean =>
        (attempt.refused = this.caller.rejectsConflicts && isDynamoDBSaverError(error) && error.code === "CONFLICT");
      const [stored] = await Promise.all([
        this.caller.call(story, this.instance, "put", what, store, attempt, isRefused),
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
    span?: ReturnType<Caller["begin"]>,
  ): Promise<{ value: T } | undefined> {
    return this.caller.call(this.story, this.instance, kind, what, action, span);
  }
}
