import { colors, printTable } from "../docs/terminal.js";

/** @typedef {import("@langchain/langgraph-sdk").ThreadState<{ messages?: any[], refunds?: any[] }>} Checkpoint */

/** @param {Checkpoint} checkpoint */
export const idOf = ({ checkpoint }) => checkpoint.checkpoint_id ?? "";
/** @param {Checkpoint | undefined} checkpoint */
const parentOf = (checkpoint) => checkpoint?.parent_checkpoint?.checkpoint_id ?? null;
/** @param {Checkpoint | undefined} checkpoint */
export const asks = (checkpoint) => checkpoint?.tasks.some(({ interrupts }) => interrupts.length > 0) ?? false;

/**
 * The part of a checkpoint id that tells it from its neighbours: the clock's lower digits.
 *
 * @param {string} id
 */
export const shortId = (id) => id.slice(9, 18);

/**
 * Prints a thread's checkpoints, oldest first, as a tree: a fork opens a lane of its own.
 *
 * @param {Checkpoint[]} history newest first
 * @param {{ from?: string }} [options] leaves out what came before this checkpoint
 */
export function printTimeline(history, { from } = {}) {
  const byId = new Map(history.map((checkpoint) => [idOf(checkpoint), checkpoint]));
  const oldestFirst = history.toReversed();
  const lanes = laneOfEach(oldestFirst);
  const start = Math.max(
    0,
    oldestFirst.findIndex((checkpoint) => idOf(checkpoint) === from),
  );

  const rows = oldestFirst
    .slice(start)
    .map((checkpoint) => [
      drawLanes(oldestFirst, lanes, checkpoint),
      String(checkpoint.metadata?.step),
      String(checkpoint.metadata?.source),
      colors.yellow(shortId(idOf(checkpoint))),
      checkpoint.next.join(", ") || colors.dim("end"),
      changes(checkpoint, byId.get(parentOf(checkpoint) ?? "")),
    ]);
  printTable(["", "step", "source", "checkpoint", "next", "what changed"], rows, ["left", "right"]);
}

/**
 * The first child goes on in its parent's lane; every other one is a fork and opens the next lane.
 *
 * @param {Checkpoint[]} oldestFirst
 */
function laneOfEach(oldestFirst) {
  /** @type {Map<string, number>} */
  const lanes = new Map();
  const continued = new Set();
  let count = 0;
  for (const checkpoint of oldestFirst) {
    const parent = parentOf(checkpoint);
    const parentLane = parent === null ? undefined : lanes.get(parent);
    lanes.set(idOf(checkpoint), parentLane === undefined || continued.has(parent) ? count++ : parentLane);
    continued.add(parent);
  }
  return lanes;
}

/**
 * @param {Checkpoint[]} oldestFirst
 * @param {Map<string, number>} lanes
 * @param {Checkpoint} checkpoint
 */
function drawLanes(oldestFirst, lanes, checkpoint) {
  const row = oldestFirst.indexOf(checkpoint);
  const own = lanes.get(idOf(checkpoint)) ?? 0;
  let drawing = "";
  for (let lane = Math.max(...lanes.values()); lane >= 0; lane -= 1) {
    const rows = oldestFirst.flatMap((one, index) => (lanes.get(idOf(one)) === lane ? [index] : []));
    const parent = parentOf(oldestFirst[rows[0] ?? 0]);
    const opens = oldestFirst.findIndex((one) => idOf(one) === parent);
    const last = rows.at(-1) ?? 0;
    if (lane === own) drawing = `${colors.green("●")}${drawing}`;
    else if (opens === row) drawing = `${colors.dim("─╮")}${drawing}`;
    else drawing = `${opens < row && row < last ? colors.dim("│") : " "}${drawing}`;
    if (lane > 0 && opens !== row) drawing = ` ${drawing}`;
  }
  return drawing;
}

/**
 * @param {Checkpoint} checkpoint
 * @param {Checkpoint | undefined} parent
 */
function changes(checkpoint, parent) {
  const { values, metadata } = checkpoint;
  const messages = values.messages?.slice(parent?.values.messages?.length ?? 0) ?? [];
  const refunds = values.refunds?.slice(parent?.values.refunds?.length ?? 0) ?? [];
  const parts = [
    ...messages.map(summary),
    ...refunds.map(({ order_id, amount }) => colors.magenta(`refund of €${amount.toFixed(2)} for ${order_id}`)),
    ...(asks(checkpoint) ? [colors.magenta("waits for a person")] : []),
  ];
  if (parts.length === 0 && metadata?.source === "loop" && asks(parent)) return colors.magenta("a person approved");
  return parts.join(" · ") || colors.dim("—");
}

/** @param {{ type: string, content: string, name?: string, tool_calls?: { name: string }[] }} message */
function summary({ type, content, name, tool_calls: calls }) {
  const text = content.length > 44 ? `${content.slice(0, 43)}…` : content;
  if (calls?.length) return `${colors.cyan("agent")} calls ${calls.map((call) => call.name).join(", ")}`;
  if (content.includes('"approved":false')) return colors.magenta("a person declined");
  if (type === "tool") return `${colors.cyan(name ?? "tool")} answers`;
  return `${colors.cyan(type === "human" ? "you" : "agent")} ${text}`;
}
