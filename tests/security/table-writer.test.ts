import { expect, test } from "vitest";
import { intercepted, s3Error } from "../lanes/stored/aws-requests.js";
import { emptyThread, noise, putStep, valuesAt, type Step } from "../lanes/savers/checkpoints.js";
import { errorOf } from "../lanes/faults/faulty-fetch.js";
import { createSaver } from "../lanes/savers/harness.js";
import { deleteRaw, itemsOf, putRaw, type RawItem } from "../lanes/stored/raw-table.js";
import { newPrefix } from "../lanes/stored/requests.js";
import { s3Options } from "../lanes/savers/s3-options.js";
import { binary, buildContainer, buildFrame, gzipped, plain } from "../lanes/stored/stored-bytes.js";

/* A stranger may write to the table, and reads it. The agents that go on from it have encryption, and a bucket. */

const encryption = { key: noise(32, 31) };
const REFUND = { approved: true };

interface World {
  keyPrefix: string;
  saver: ReturnType<typeof createSaver>;
  /** Another instance of the same agent, which has cached nothing. */
  open: () => ReturnType<typeof createSaver>;
  step: Step;
  /** What the thread's items were before the stranger came. */
  items: RawItem[];
  hosts: Set<string>;
}

async function agentAt(): Promise<World> {
  const keyPrefix = newPrefix();
  const hosts = new Set<string>();
  const { fetch } = intercepted(({ url, headers }) => {
    if (headers.has("x-amz-target")) return undefined;
    hosts.add(url.host);
    return headers.has("x-amz-tagging") || url.search ? new Response() : s3Error(404, "NoSuchKey");
  });
  const s3 = {
    ...s3Options({ forcePathStyle: false }),
    endpoint: "https://s3.us-east-1.amazonaws.com",
    thresholdBytes: 5_000,
  };
  const open = (): World["saver"] => createSaver({ keyPrefix, encryption, fetch, s3 });
  const step = await putStep(open(), emptyThread("t"), { refund: { approved: false }, long: noise(3_000) });
  for (const [task, path] of [
    ["first", "~a"],
    ["second", "~b"],
  ] as const)
    await open().putWrites(step.config, [["refund", task]], task, path);
  return { keyPrefix, saver: open(), open, step, items: await itemsOf(keyPrefix, "t"), hosts };
}

const checkpointOf = (items: RawItem[]): RawItem => items.find(({ SK }) => SK!.S!.includes("#~"))!;
const writesOf = (items: RawItem[], task: string): RawItem => items.find(({ SK }) => SK!.S!.includes(`#W#${task}#`))!;

test.each<[what: string, attack: (world: World) => Promise<unknown>, code: string]>([
  [
    "a state of the stranger's making",
    ({ items }) =>
      putRaw({
        ...checkpointOf(items),
        data: binary(plain(buildFrame({ channels: { refund: JSON.stringify(REFUND) } }))),
      }),
    "PLAINTEXT_REFUSED",
  ],
  [
    "a write of the stranger's making",
    ({ items }) =>
      putRaw({
        ...writesOf(items, "first"),
        w0: binary(
          plain(
            buildContainer({
              head: "refund",
              entries: [["json", 4]],
              hashes: [],
              tails: [new TextEncoder().encode("true")],
            }),
          ),
        ),
      }),
    "PLAINTEXT_REFUSED",
  ],
  [
    "the state of another thread",
    async ({ keyPrefix, step, items }) => {
      const other = await putStep(
        createSaver({ keyPrefix, encryption }),
        emptyThread("other"),
        { refund: REFUND },
        { id: step.checkpoint.id },
      );
      await putRaw({
        ...checkpointOf(items),
        data: checkpointOf(await itemsOf(keyPrefix, other.config.configurable!.thread_id as string)).data!,
      });
    },
    "DECRYPTION_FAILED",
  ],
  [
    "writes in another order",
    ({ items }) => putRaw({ ...writesOf(items, "first"), path: { S: "~c" } }),
    "DECRYPTION_FAILED",
  ],
  [
    "a pointer to a bucket of the intranet",
    async ({ items }) => {
      const segment = items.find(({ SK }) => SK!.S!.startsWith("S#"))!;
      const [, born, name] = segment.SK!.S!.split("#");
      await putRaw({ PK: segment.PK!, SK: { S: `P#${born}#${name}#intranet/x/` } });
      await deleteRaw(segment);
    },
    "INVALID_CONFIG",
  ],
  [
    "a gigabyte in some kilobytes",
    ({ items }) =>
      putRaw({
        ...writesOf(items, "first"),
        ...Object.fromEntries(
          Array.from({ length: 40 }, (_, i) => [`w${i}`, binary(gzipped(new Uint8Array(8_000), 2 ** 30))]),
        ),
      }),
    "VALUE_TOO_LARGE",
  ],
])("%s is refused, and nothing goes to another host", { timeout: 60_000 }, async (_, attack, code) => {
  const world = await agentAt();
  expect(await valuesAt(world.saver, world.step.config)).toEqual(world.step.checkpoint.channel_values);
  await attack(world);
  const { open, step, hosts } = world;

  expect(await errorOf(open().getTuple(step.config))).toMatchObject({ code });
  await errorOf(
    world.saver.deleteThread("t").then(() => Promise.reject(Object.assign(new Error("Deleted."), { code: "DELETED" }))),
  );
  expect([...hosts].filter((host) => host.startsWith("intranet"))).toEqual([]);
});
