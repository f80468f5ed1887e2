import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { expect, inject } from "vitest";
import { collect } from "../savers/checkpoints.js";
import { itemsOf, itemsWithPrefix } from "../stored/raw-table.js";
import { Random } from "../hostile/random.js";
import { objectKeys } from "../stored/s3-client.js";
import { keysAt, type Place } from "../savers/s3-saver.js";
import { base64Url } from "../stored/stored-format.js";
import type { Caller } from "./caller.js";
import { Instances, isOutage, type Instance, type InstancesOptions } from "./instances.js";
import { Violation, type Span } from "./record.js";
import { Run } from "./run.js";
import { Story, type StoryKind } from "./story.js";

export interface WorldOptions extends Omit<InstancesOptions, "saver"> {
  saver: InstancesOptions["saver"] & Pick<Place, "keyPrefix"> & Partial<Place>;
  workers: number;
  /** Whether to go on, after what was done so far. */
  goesOn: (figures: Figures) => boolean;
  /** After how many checkpoints a thread is checked once more and deleted. */
  checkpointsPerThread: number;
}

/** What was done and seen. */
export interface Figures {
  calls: number;
  /** Of those, how many failed although every attempt was made. */
  failed: number;
  byKind: Record<string, number>;
  compared: number;
  threads: number;
  faults: Record<string, number>;
}

/** Many workers on the same threads, through several instances, on networks that fail. */
export class World implements Caller {
  readonly instances: Instances;
  readonly #stories: Story[] = [];
  readonly #byKind: Record<string, number> = {};
  #time = 0;
  #calls = 0;
  #failed = 0;
  #threads = 0;
  #compared = 0;
  #violation: Error | undefined;

  constructor(readonly options: WorldOptions) {
    this.instances = new Instances(options);
  }

  get rejectsConflicts(): boolean {
    return this.options.saver.conflict === "reject";
  }

  /** @throws Violation, or whatever else went wrong, with the seed */
  async live(): Promise<Figures> {
    await Promise.all(
      Array.from({ length: this.options.workers }, (_, i) =>
        this.#work(new Random(`${this.options.seed} worker ${i}`)),
      ),
    );
    if (!this.#violation) await this.#endAll().catch((error: unknown) => this.#stop(error));
    if (!this.#violation) return this.figures();
    this.#violation.message = `With SOAK_SEED=${this.options.seed.split(" ")[0]}: ${this.#violation.message}`;
    throw this.#violation;
  }

  async #endAll(): Promise<void> {
    await Promise.all(this.#stories.map((story) => this.#end(story)));
    expect(await itemsWithPrefix(this.options.saver.keyPrefix), "items that are left").toEqual([]);
    if (this.options.saver.s3) expect(await keysAt(this.options.saver as Place), "objects that are left").toEqual([]);
  }

  figures(): Figures {
    const compared = this.#compared + this.#stories.reduce((sum, story) => sum + story.judge.compared, 0);
    return {
      calls: this.#calls,
      failed: this.#failed,
      byKind: { ...this.#byKind },
      compared,
      threads: this.#threads,
      faults: this.instances.injected(),
    };
  }

  async call<T>(
    story: Story,
    instance: Instance,
    kind: string,
    what: string,
    action: (saver: Instance["saver"]) => Promise<T>,
    span: Span = this.begin(),
    isExpected?: (error: unknown) => boolean,
  ): Promise<{ value: T } | undefined> {
    this.#calls++;
    this.#byKind[kind] = (this.#byKind[kind] ?? 0) + 1;
    story.calls++;
    const invoked = this.#time; // of a call that is made again, this time
    let result: { value: T } | undefined;
    let failure: string | undefined;
    try {
      result = { value: await action(instance.saver) };
    } catch (error) {
      failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      span.ended = ++this.#time;
      if (!isOutage(error, instance) && !isExpected?.(error))
        throw this.#stop(
          new Violation(
            story.record,
            `${what} failed with what is not an outage. ${error instanceof Error ? error.stack : String(error)} ` +
              `${JSON.stringify(error)}`,
          ),
        );
    } finally {
      await instance.settled();
      story.calls--;
    }
    span.ok ||= result !== undefined;
    span.ended = ++this.#time;
    if (!result && !span.refused) this.#failed++;
    story.record.note(`  ${invoked}..${span.ended} on ${instance.name}: ${what}${failure ? `: ${failure}` : ""}`);
    return result;
  }

  begin(): Span {
    return { invoked: ++this.#time, ended: Infinity, ok: false };
  }

  /** Everybody stops. */
  #stop(violation: unknown): Error {
    return (this.#violation ??= violation instanceof Error ? violation : new Error(String(violation)));
  }

  async #work(random: Random): Promise<void> {
    try {
      while (!this.#violation && this.options.goesOn(this.figures())) {
        const kind = random.weighted({ run: 28, read: 60, delete: 3, list: 1, restart: 5, kill: 3 });
        const place = random.below(this.instances.count);
        if (kind === "restart" || kind === "kill") {
          if (kind === "kill") this.instances.at(place).kill();
          this.instances.restart(place);
          continue;
        }
        const story = this.#pick(random, kind === "run");
        const run = new Run(this, story, this.instances.at(place), random);
        if (kind === "run") {
          story.runs++;
          await run.supersteps().finally(() => story.runs--);
        } else if (kind === "read") await run.read();
        else if (kind === "delete") await run.deleteThread();
        else await run.listThreads();
        if (story.record.puts.size >= this.options.checkpointsPerThread && !story.isOver) {
          await this.#end(story);
        }
      }
    } catch (error) {
      this.#stop(error);
    }
  }

  /** A thread that a call can go to, often one that others are busy with. */
  #pick(random: Random, forRun: boolean): Story {
    const possible = this.#stories.filter((story) => (forRun ? story.isFree : !story.isOver));
    if (possible.length > 0 && (this.#stories.length >= this.options.workers / 2 || random.chance(0.8)))
      return random.pick(possible);
    const story = new Story(random.weighted<StoryKind>({ single: 40, branches: 40, delta: 20 }), random);
    this.#stories.push(story);
    this.#threads++;
    return story;
  }

  /**
   * Everything of a thread is read once more by an instance that has nothing cached. Then it is deleted, and nothing is
   * left.
   */
  async #end(story: Story): Promise<void> {
    if (story.isOver) return;
    story.isOver = true;
    while (story.runs + story.calls > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const { keyPrefix, s3 } = this.options.saver;
    const reader = this.instances.start();
    const read = this.begin();
    const tuples = (await this.call(
      story,
      reader,
      "last",
      "list everything, without faults",
      (saver) => collect<CheckpointTuple>(saver.list({ configurable: { thread_id: story.threadId } })),
      read,
    ))!.value;
    story.judge.list(tuples, {}, read);
    if (this.rejectsConflicts) story.judge.line(read);
    const mustBeListed = [...story.record.puts.values()].some((put) => story.judge.mustBeThere(put, read));
    if (mustBeListed) {
      const listed = await collect(reader.saver.listThreads());
      if (!listed.some(({ threadId }) => threadId === story.threadId))
        throw new Violation(story.record, "The thread is not among those that listThreads gives.");
    }
    const run = new Run(this, story, this.instances.start(this.instances.networkOf(0)), new Random(story.threadId));
    while (!(await run.deleteThread()));
    const left = await itemsOf(keyPrefix, story.threadId);
    if (left.length > 0)
      throw new Violation(story.record, `deleteThread left ${left.map(({ SK }) => SK!.S).join(", ")}.`);
    const objects = s3
      ? await objectKeys(
          inject("s3"),
          `${s3.prefix}${base64Url(new TextEncoder().encode(`${keyPrefix}T#${story.threadId}`))}/`,
        )
      : [];
    if (objects.length > 0) throw new Violation(story.record, `deleteThread left the objects ${objects.join(", ")}.`);
    this.#compared += story.judge.compared;
    this.#stories.splice(this.#stories.indexOf(story), 1);
  }
}
