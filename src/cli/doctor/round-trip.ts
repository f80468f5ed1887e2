import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { threadOf } from "../../checkpoint/refs.js";
import { key } from "../../format/keys.js";
import { PROGRAM } from "../help.js";
import { ok, reported, wrong, type Check, type Finding } from "./finding.js";
import type { Subject } from "./subject.js";

/** More than a checkpoint keeps inline, so that the thread has a segment too. */
const VALUE_LENGTH = 5_000;

/** Stores a throwaway thread as an application does, reads it with nothing cached, and deletes it. */
export async function* checkRoundTrip(subject: Subject): Check {
  const threadId = `doctor-${crypto.randomUUID()}`;
  let problem: Finding | undefined;
  try {
    const lost = await useThread(subject, threadId);
    if (lost !== undefined)
      problem = wrong("round trip", lost, "Another saver or proxy may answer at this endpoint. Check --endpoint.");
  } catch (error) {
    problem = wrong("round trip", reported(error).message, "The checks above say what is missing.");
  } finally {
    problem = (await removed(subject, threadId)) ?? problem;
  }
  yield problem ?? ok("round trip", "A throwaway thread was stored, read and deleted.");
  return problem === undefined;
}

async function useThread({ newSaver }: Subject, threadId: string): Promise<string | undefined> {
  const config = { configurable: { thread_id: threadId, checkpoint_ns: "" } };
  const value = Array.from({ length: VALUE_LENGTH }, () => Math.floor(Math.random() * 36).toString(36)).join("");
  const checkpoint = { ...emptyCheckpoint(), channel_values: { probe: value }, channel_versions: { probe: 1 } };
  const saver = newSaver();
  const stored = await saver.put(config, checkpoint, { source: "input", step: -1, parents: {} }, { probe: 1 });
  await saver.putWrites(stored, [["probe", "written"]], "doctor");
  const tuple = await newSaver().getTuple(config);
  if (tuple?.checkpoint.channel_values.probe !== value) return "What was stored was not read back.";
  if (tuple.pendingWrites?.[0]?.[2] !== "written") return "What a task wrote was not read back.";
  return undefined;
}

/** Says so if the thread could not be deleted, or is still there. */
async function removed({ cleaner, storage }: Subject, threadId: string): Promise<Finding | undefined> {
  const remedy = `It expires within the hour. To delete it: ${PROGRAM} delete ${threadId} --yes`;
  try {
    await cleaner.saver.deleteThread(threadId);
    const { partition } = await threadOf(storage, threadId);
    const left = await cleaner.saver.getTuple({ configurable: { thread_id: threadId } });
    if (left)
      return wrong(
        "round trip",
        `The throwaway thread ${threadId} (partition ${key(partition, "").PK.S}) is still there after it was deleted.`,
        remedy,
      );
  } catch (error) {
    return wrong(
      "round trip",
      `The throwaway thread ${threadId} could not be deleted: ${reported(error).message}`,
      remedy,
    );
  }
  return undefined;
}
