import type { CheckpointPendingWrite } from "@langchain/langgraph-checkpoint";
import { emptyThread, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";

export type Saver = ReturnType<typeof createSaver>;

export async function newStep(saver: Saver): Promise<Step> {
  return putStep(saver, emptyThread(), { notes: [] });
}

export async function writesOf(saver: Saver, { config }: Pick<Step, "config">): Promise<CheckpointPendingWrite[]> {
  return (await saver.getTuple(config))!.pendingWrites!;
}
