import { colors, printTable } from "../docs/terminal.js";

/**
 * @typedef {object} Checkpoint as `GET /threads/:id/history` gives it
 * @property {string} checkpoint_id
 * @property {string | null} parent_checkpoint_id
 * @property {string} source
 * @property {number} step
 * @property {string[]} next
 * @property {unknown[]} interrupts
 * @property {{ messages?: any[], refunds?: any[] }} values
 */

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
  const byId = new Map(history.map((checkpoint) => [checkpoint.checkpoint_id, checkpoint]));
  const oldestFirst = history.toReversed();
  const lanes = laneOfEach(oldestFirst);
  const start = Math.max(
    0,
    oldestFirst.findIndex((checkpoint) => checkpoint.checkpoint_id === from),
  );

  const rows = oldestFirst
    .slice(start)
    .map((checkpoint) => [
      drawLanes(oldestFirst, lanes, checkpoint),
      String(checkpoint.step),
      checkpoint.source,
      colors.yellow(shortId(checkpoint.checkpoint_id)),
      checkpoint.next.join(", ") || colors.dim("end"),
      changes(checkpoint, byId.get(checkpoint.parent_checkpoint_id ?? "")),
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
  for (const { checkpoint_id, parent_checkpoint_id: parent } of oldestFirst) {
    const parentLane = parent === null ? undefined : lanes.get(parent);
    lanes.set(checkpoint_id, parentLane === undefined || continued.has(parent) ? count++ : parentLane);
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
  const own = lanes.get(checkpoint.checkpoint_id) ?? 0;
  let drawing = "";
  for (let lane = Math.max(...lanes.values()); lane >= 0; lane -= 1) {
    const rows = oldestFirst.flatMap(({ checkpoint_id }, index) => (lanes.get(checkpoint_id) === lane ? [index] : []));
    const parent = oldestFirst[rows[0] ?? 0]?.parent_checkpoint_id;
    const opens = oldestFirst.findIndex(({ checkpoint_id }) => checkpoint_id === parent);
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
function changes({ source, values, interrupts }, parent) {
  const messages = values.messages?.slice(parent?.values.messages?.length ?? 0) ?? [];
  const refunds = values.refunds?.slice(parent?.values.refunds?.length ?? 0) ?? [];
  const parts = [
    ...messages.map(summary),
    ...refunds.map(({ order_id, amount }) => colors.magenta(`refund of €${amount.toFixed(2)} for ${order_id}`)),
    ...(interrupts.length > 0 ? [colors.magenta("waits for a person")] : []),
  ];
  if (parts.length === 0 && source === "loop" && parent?.interrupts.length) return colors.magenta("a person approved");
  return parts.join(" · ") || colors.dim("—");
}

/** @param {{ type: string, content: string, name?: string, tool_calls?: { name: string }[] }} message */
function summary({ type, content, name, tool_calls: calls }) {
  const text = content.length > 44 ? `${content.slice(0, 43)}…` : content;
  if (calls) return `${colors.cyan("agent")} calls ${calls.map((call) => call.name).join(", ")}`;
  if (content.includes('"approved":false')) return colors.magenta("a person declined");
  if (type === "tool") return `${colors.cyan(name ?? "tool")} answers`;
  return `${colors.cyan(type === "human" ? "you" : "agent")} ${text}`;
}
