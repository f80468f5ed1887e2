import type { Item } from "../aws/dynamodb/items.js";
import { invalidInput } from "../errors.js";
import { idIn, PARENT } from "../format/id-attribute.js";
import { CHECKPOINTS, escapeCheckpointId, keyPart, namespacePrefix } from "../format/keys.js";
import { isGone } from "../payload/lifetime.js";
import { checkpointPages, oneCheckpoint } from "../checkpoint/read/pages.js";
import { latestIdIn } from "../checkpoint/read/query.js";
import { FIRST } from "../format/attributes.js";
import { type Storage } from "../checkpoint/storage.js";
import { checkpointRef, threadOf, type Thread } from "../checkpoint/refs.js";
import { livingIncarnation } from "./living-incarnation.js";

/** A checkpoint of a thread by its ids. */
export interface CheckpointName {
  ns: string;
  id: string;
}

/**
 * Finds the checkpoint that a person means: by its id, by a beginning that no other one has, or `latest`; with `~2`
 * behind it, its parent's parent.
 *
 * @param ns where to look; without it, the root first, and then every namespace
 * @throws DynamoDBSaverError `INVALID_INPUT` where there is none, or there are several
 */
export async function findCheckpoint(
  storage: Storage,
  threadId: string,
  text: string,
  ns?: string,
): Promise<CheckpointName> {
  const thread = await threadOf(storage, threadId);
  const [, name = text, back = "0"] = /^(.*?)(?:~(\d+))?$/s.exec(text) ?? [];
  const found =
    name === "latest"
      ? await latest(storage, thread, ns ?? "")
      : ((await exact(storage, thread, ns ?? "", name)) ?? (await byBeginning(storage, thread, name, ns)));
  return ancestor(storage, thread, found, Number(back));
}

async function latest(storage: Storage, thread: Thread, ns: string): Promise<CheckpointName> {
  const id = await latestIdIn(
    storage,
    thread,
    await keyPart("namespace", ns),
    await livingIncarnation(storage, thread),
  );
  if (id !== undefined) return { ns, id };
  throw invalidInput(`Thread ${JSON.stringify(thread.id)} has no checkpoint in namespace ${JSON.stringify(ns)}.`);
}

async function exact(storage: Storage, thread: Thread, ns: string, id: string): Promise<CheckpointName | undefined> {
  return (await itemOf(storage, thread, ns, id)) && { ns, id };
}

/** The item of a checkpoint, also of one that has ended for readers. */
async function itemOf(storage: Storage, thread: Thread, ns: string, id: string): Promise<Item | undefined> {
  const range = oneCheckpoint(await checkpointRef(thread, ns, id));
  for await (const [found] of checkpointPages({ ...storage, consistentRead: true }, thread, range, [], isGone))
    if (found) return found.item;
  return undefined;
}

async function byBeginning(
  storage: Storage,
  thread: Thread,
  beginning: string,
  ns: string | undefined,
): Promise<CheckpointName> {
  const beginsWith = namespacePrefix(await keyPart("namespace", ns ?? "")) + escapeCheckpointId(beginning);
  const here = await matches(storage, thread, beginsWith, beginning);
  const found = here.length > 0 || ns !== undefined ? here : await matches(storage, thread, CHECKPOINTS, beginning);
  const [first, second] = found;
  const where = `in thread ${JSON.stringify(thread.id)}`;
  if (!first)
    throw invalidInput(
      `There is no checkpoint ${JSON.stringify(beginning)} ${where}. \`inspect\` lists those that there are.`,
    );
  if (second)
    throw invalidInput(
      `Several checkpoints ${where} begin with ${JSON.stringify(beginning)}, among them ${first.id} and ` +
        `${second.id}. Give more of the id.`,
    );
  return first;
}

/** Up to two. */
async function matches(
  storage: Storage,
  thread: Thread,
  beginsWith: string,
  beginning: string,
): Promise<CheckpointName[]> {
  const found: CheckpointName[] = [];
  for await (const page of checkpointPages({ ...storage, consistentRead: true }, thread, { beginsWith }, [], isGone)) {
    for (const { ns, id } of page) {
      if (id.startsWith(beginning)) found.push({ ns, id });
      if (found.length === 2) return found;
    }
  }
  return found;
}

async function ancestor(
  storage: Storage,
  thread: Thread,
  { ns, id }: CheckpointName,
  back: number,
): Promise<CheckpointName> {
  let at = id;
  for (let left = back; left > 0; left--) {
    const item = await itemOf(storage, thread, ns, at);
    const parent = item && !(FIRST in item) ? idIn(item, PARENT) : undefined;
    if (parent === undefined) throw invalidInput(`Checkpoint ${at} has no parent.`);
    at = parent;
  }
  return { ns, id: at };
}
