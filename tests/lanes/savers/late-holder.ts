import type { AcquiredLease, DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { newPrefix } from "../stored/requests.js";
import { emptyThread, latestOf, putStep, type Step } from "./checkpoints.js";
import { createSaver, type SaverOptions } from "./harness.js";

/*
 * A holder that has lost a thread to a younger one, and does not know. Late is what a request does that was sent while
 * its lease was good: here a fetch lets it go only later.
 */

/** Lets the writing requests of a saver go only when it is told to. */
export class Late {
  #held: (() => void)[] | undefined;

  /** @param which of them, by their bodies */
  constructor(private readonly which = /^/) {}

  readonly fetch: typeof fetch = async (url, init) => {
    const operation = new Headers(init?.headers).get("x-amz-target") ?? "";
    const isWriting = /PutItem|BatchWriteItem|UpdateItem/.test(operation);
    if (this.#held && isWriting && this.which.test(new TextDecoder().decode(init!.body as Uint8Array)))
      await new Promise<void>((resolve) => this.#held!.push(resolve));
    return fetch(url, init);
  };

  hold(): void {
    this.#held = [];
  }

  /** Whether so many requests are held. */
  async holds(many: number): Promise<void> {
    while ((this.#held?.length ?? 0) < many) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  letGo(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const resolve of held) resolve();
  }
}

export interface Thread {
  world: Partial<SaverOptions> & { keyPrefix: string };
  late: Late;
  /** Who has lost the thread, and does not know yet. */
  older: DynamoDBSaver;
  oldLease: AcquiredLease;
  one: Step;
}

export const under = (step: Step, lease: Pick<AcquiredLease, "configurable">): Step => ({
  ...step,
  config: { configurable: { ...step.config.configurable, ...lease.configurable } },
});

/** A thread with a checkpoint, in a namespace, whose holder has sent something that has not arrived. */
export async function thread(options: Partial<SaverOptions> = {}, ns = ""): Promise<Thread> {
  const world = { ...options, keyPrefix: newPrefix() };
  const late = new Late();
  const older = createSaver({ ...world, fetch: late.fetch });
  const first = createSaver(world);
  if (ns !== "") await putStep(first, emptyThread("t"), { root: 1 });
  const one = await putStep(first, emptyThread("t", ns), { n: 1 });
  const oldLease = await older.acquireLease("t");
  await older.getTuple(under(one, oldLease).config);
  return { world, late, older, oldLease, one };
}

/** Another one takes the thread, and reads it. */
export async function takeOver({
  world,
  one,
}: Thread): Promise<{ saver: DynamoDBSaver; lease: AcquiredLease; step: Step }> {
  const saver = createSaver(world);
  await saver.breakLease("t");
  const lease = await saver.acquireLease("t");
  const step = under(one, lease);
  await saver.getTuple(latestOf(step));
  return { saver, lease, step };
}
