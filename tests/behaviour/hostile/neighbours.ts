import { emptyThread, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/** A checkpoint and its neighbour, which stays as it is. */
export async function prepare(): Promise<{ keyPrefix: string; one: Step; two: Step; item: RawItem }> {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const one = await putStep(saver, emptyThread("t"), { n: 1 });
  const [item] = (await itemsOf(keyPrefix, "t", "C##")) as [RawItem];
  const two = await putStep(saver, one, { n: 2 });
  return { keyPrefix, one, two, item };
}
