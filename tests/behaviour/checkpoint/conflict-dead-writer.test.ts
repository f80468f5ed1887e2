import { CheckpointConflictError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { collect, idsOf, latestOf, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { saverAt } from "../../lanes/savers/s3-saver.js";
import { rejecting, thread } from "../../lanes/savers/rejecting-saver.js";

describe("a writer that dies between taking the head and storing its checkpoint", () => {
  /** The dead one stops before its commit, and can go on later. */
  async function stopped(): Promise<{
    world: Partial<SaverOptions> & { keyPrefix: string };
    two: Step;
    goOn: () => Promise<Step>;
  }> {
    const { world, two } = await thread();
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    let waits!: () => void;
    const waiting = new Promise<void>((resolve) => (waits = resolve));
    const { saver } = saverAt(
      { keyPrefix: world.keyPrefix },
      async ({ operation, forward }) => {
        if (operation === "PutItem") {
          waits();
          await released;
        }
        return forward();
      },
      { conflict: "reject" },
    );
    const put = putStep(saver, two, { n: "dead" });
    put.catch(() => undefined);
    await waiting;
    return { world, two, goOn: () => (release(), put) };
  }

  test("does not stop the others, and gets a conflict if it comes back", async () => {
    const { world, two, goOn } = await stopped();
    const three = await putStep(rejecting(world), two, { n: 3 });
    expect(await errorOf(goOn())).toMatchObject({
      code: "CONFLICT",
      parentId: two.checkpoint.id,
      headId: three.checkpoint.id,
    });
    const reader = rejecting(world);
    expect(idsOf(await collect(reader.list(latestOf(two))))).toHaveLength(3);
    expect(await valuesAt(reader, latestOf(two))).toEqual({ n: 3 });
    await putStep(rejecting(world), three, { n: 4 });
  });

  test("that comes back in time is the head", async () => {
    const { world, two, goOn } = await stopped();
    const dead = await goOn();
    expect(await errorOf(putStep(rejecting(world), two, { n: 3 }))).toMatchObject({
      code: "CONFLICT",
      headId: dead.checkpoint.id,
    });
    await putStep(rejecting(world), dead, { n: 4 });
  });

  test("leaves a place that deleteThread removes, and that nobody reads", async () => {
    const { world, two, goOn } = await stopped();
    await putStep(rejecting(world), two, { n: 3 });
    const { config } = two;
    const { checkpointId } = await goOn().then(
      () => Promise.reject(new Error("not a conflict")),
      (error: CheckpointConflictError) => error,
    );
    const dead = { configurable: { ...config.configurable, checkpoint_id: checkpointId } };
    expect(await createSaver(world).getTuple(dead)).toBeUndefined();
    await putStep(
      createSaver(world),
      { config: dead, checkpoint: two.checkpoint },
      { n: 9 },
      { newVersions: undefined },
    ); // a parent that is not there
    await createSaver(world).deleteThread("t");
    expect(await itemsWithPrefix(world.keyPrefix)).toEqual([]);
  });
});
