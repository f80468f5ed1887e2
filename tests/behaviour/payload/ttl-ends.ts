import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { emptyThread, noise, noiseText, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { itemsOf, itemsWithPrefix, MARKER } from "../../lanes/stored/raw-table.js";
import { goneAt } from "../../lanes/stored/stored-format.js";
import { useStillDate } from "../../lanes/faults/still-date.js";

/** A date that stands still, and what is stored counted from where it stood first. */
export function useTtlDate() {
  const date = useStillDate();

  /** Seconds from the start to the end of each item of a thread, by what it is. */
  async function endsOf(keyPrefix: string, threadId = "t"): Promise<Record<string, number[]>> {
    const kinds: Record<string, number[]> = {};
    for (const item of await itemsOf(keyPrefix, threadId)) {
      const sortKey = item.SK!.S!;
      const kind =
        sortKey === MARKER
          ? "marker"
          : sortKey.startsWith("S#")
            ? "segments"
            : sortKey.includes("#W#")
              ? "writes"
              : "checkpoints";
      (kinds[kind] ??= []).push(goneAt(item) - date.start);
    }
    return kinds;
  }

  const indexEnd = async (keyPrefix: string): Promise<number> =>
    goneAt((await itemsWithPrefix(`${keyPrefix}THREADS`))[0]!) - date.start;

  return { passTo: date.passTo, endsOf, indexEnd };
}

/** A checkpoint with a segment, and a write with another one. */
export async function putWithWrites(saver: DynamoDBSaver, threadId = "t"): Promise<Step> {
  const step = await putStep(saver, emptyThread(threadId), { value: noise(3_000) });
  await saver.putWrites(step.config, [["value", noiseText(70_000)]], "task");
  return step;
}
