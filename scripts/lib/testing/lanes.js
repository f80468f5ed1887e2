// Nothing is imported here: this is read before anything is installed.

/** Where tests run: vitest's own two, the oldest LangGraph in Node, and each other runtime. */
export const LANES = [
  "node",
  "workerd",
  "oldest-peers",
  "node22",
  "node24",
  "node26",
  "deno",
  "bun",
  "workerd-plain",
  "chromium",
];

/**
 * vitest's projects of a lane. In Node, tests of behaviour and of programs share their modules, as in the other lanes,
 * and the rest have a process for each file.
 * @param {string} lane
 */
export const projectsOf = (lane) => (lane === "node" ? ["node", "node/alone"] : [lane]);

/** @param {string} project */
export const laneOf = (project) => project.split("/")[0] ?? project;

/**
 * The lanes that were asked for.
 * @param {string[]} names `all` for every one
 */
export function chosenLanes(names) {
  const unknown = names.find((name) => name !== "all" && !LANES.includes(name));
  if (unknown !== undefined)
    throw new Error(`There is no lane ${JSON.stringify(unknown)}, only ${LANES.join(", ")}, and all for every one.`);
  return names.includes("all") ? LANES : LANES.filter((lane) => names.includes(lane));
}
