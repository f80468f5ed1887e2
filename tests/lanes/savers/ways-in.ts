import type { RunnableConfig } from "@langchain/core/runnables";
import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";
import { collect, type Step } from "./checkpoints.js";
import { credentials, createSaver, endpoint, tableName, type SaverOptions } from "./harness.js";

/*
 * Every way in which a checkpoint can be read. Each is tried by an instance that has seen nothing, and gives the text
 * of all that it saw, in which a test looks for what must not be there.
 */

export type WayIn = (world: Partial<SaverOptions>, step: Step) => Promise<unknown>;

const reader = (world: Partial<SaverOptions>): DynamoDBReader =>
  new DynamoDBReader({
    tableName: tableName(),
    region: "us-east-1",
    credentials: credentials(),
    endpoint: endpoint(),
    dangerouslyAllowBrowser: true,
    ...world,
  });

const ids = ({ config }: Step): { thread_id: string; checkpoint_ns: string; checkpoint_id: string } =>
  config.configurable as never;
const thread = (step: Step): RunnableConfig => ({ configurable: { thread_id: ids(step).thread_id } });
const namespace = (step: Step): RunnableConfig => ({
  configurable: { thread_id: ids(step).thread_id, checkpoint_ns: ids(step).checkpoint_ns },
});
/** Behind all ids. */
const before: RunnableConfig = { configurable: { checkpoint_id: "~" } };

export const waysIn: Record<string, WayIn> = {
  "getTuple of the latest one": (world, step) => createSaver(world).getTuple(namespace(step)),
  "getTuple by its id": (world, step) => createSaver(world).getTuple(step.config),
  "list of the thread": (world, step) => collect(createSaver(world).list(thread(step))),
  "list of its namespace": (world, step) => collect(createSaver(world).list(namespace(step))),
  "list of its namespace with a limit": (world, step) =>
    collect(createSaver(world).list(namespace(step), { limit: 1 })),
  "list of its namespace with before": (world, step) => collect(createSaver(world).list(namespace(step), { before })),
  "list of the thread with before": (world, step) => collect(createSaver(world).list(thread(step), { before })),
  "list by metadata": (world, step) => collect(createSaver(world).list(thread(step), { filter: { source: "loop" } })),
  "list of its namespace by metadata": (world, step) =>
    collect(createSaver(world).list(namespace(step), { filter: { source: "loop" } })),
  "list by its id": (world, step) => collect(createSaver(world).list(step.config)),
  "list by its id in any namespace": (world, step) =>
    collect(
      createSaver(world).list({
        configurable: { thread_id: ids(step).thread_id, checkpoint_id: ids(step).checkpoint_id },
      }),
    ),
  "list of all threads": (world) => collect(createSaver(world).list({})),
  "getDeltaChannelHistory by its id": (world, step) =>
    createSaver(world).getDeltaChannelHistory({ config: step.config, channels: ["document", "n"] }),
  "getDeltaChannelHistory of the latest one": (world, step) =>
    createSaver(world).getDeltaChannelHistory({ config: namespace(step), channels: ["document", "n"] }),
  exportThread: (world, step) => collect(createSaver(world).exportThread(ids(step).thread_id)),
  copyThread: async (world, step) => {
    const to = crypto.randomUUID();
    await createSaver(world).copyThread(ids(step).thread_id, to);
    return collect(createSaver(world).list({ configurable: { thread_id: to } }));
  },
  "the reader's getTuple of the latest one": (world, step) => reader(world).getTuple(namespace(step)),
  "the reader's getTuple by its id": (world, step) => reader(world).getTuple(step.config),
  "the reader's list": (world, step) => collect(reader(world).list(thread(step))),
};

/** The text of what a way in shows, and of the error that it ends in. */
export async function shownBy(way: WayIn, world: Partial<SaverOptions>, step: Step): Promise<string> {
  const shown = await way(world, step).catch(
    (error: { code?: string; message: string }) => `${error.code}: ${error.message}`,
  );
  return JSON.stringify(shown) ?? "";
}
