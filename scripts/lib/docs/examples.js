/**
 * @typedef {object} Example
 * @property {string} shows
 * @property {string} main within `examples/`
 * @property {"node" | "deno" | "bun" | "workerd" | "lambda" | "page"} runtime a page has server-node beside it
 * @property {boolean} [keeps] whether it goes on with what it stored the last time, also when run without arguments
 * @property {Play[]} [plays] what is run one after the other, each in a process of its own, when no arguments are given
 */

/**
 * @typedef {object} Play
 * @property {string[]} args
 * @property {"SIGKILL" | number} [ends] how it is meant to end; 0 by default
 */

/** @type {Record<string, Example>} what `npm run example` offers */
export const examples = {
  quickstart: {
    shows: "a graph that remembers, and its history",
    main: "quickstart/index.js",
    runtime: "node",
    keeps: true,
  },
  pipeline: {
    shows: "a content pipeline, killed in the middle and resumed; status, history, retry, rollback",
    main: "pipeline/index.js",
    runtime: "node",
    plays: [
      { args: ["start", "edge databases", "--crash-in", "draft"], ends: "SIGKILL" },
      { args: ["status"] },
      { args: ["resume", "--fail-in", "finalize"], ends: 1 },
      { args: ["status"] },
      { args: ["retry"] },
      { args: ["status"] },
      { args: ["rollback", "outline"] },
      { args: ["history"] },
    ],
  },
  approval: {
    shows: "a transfer of money that a person approves, made once whatever dies",
    main: "approval/index.js",
    runtime: "node",
    plays: [
      { args: ["request", "rent", "Alice", "1200"] },
      { args: ["request", "yacht", "Mallory", "90000"] },
      { args: ["approve", "rent", "--crash"], ends: "SIGKILL" },
      { args: ["pending"] },
      { args: ["resume", "rent"] },
      { args: ["reject", "yacht", "too much"] },
      { args: ["pending"] },
    ],
  },
  agent: {
    shows: "LangChain's agent, whose refunds a person approves, changes or rejects",
    main: "agent/index.js",
    runtime: "node",
    plays: [
      { args: ["ask", "Refund 40 euros for order 1041"] },
      { args: ["approve"] },
      { args: ["ask", "Refund 900 euros for order 1042"] },
      { args: ["edit", "90"] },
      { args: ["ask", "Refund 10 euros for order 7"] },
      { args: ["reject", "Order 7 is too old."] },
      { args: ["history"] },
    ],
  },
  "time-travel": {
    shows: "back to an old checkpoint, another state there, and on from the fork",
    main: "time-travel/index.js",
    runtime: "node",
  },
  chat: {
    shows: "a chat that remembers across processes, and summarizes what is old",
    main: "chat/index.js",
    runtime: "node",
    plays: [
      { args: ["Hi, I am Ada."] },
      { args: ["I like green tea."] },
      { args: ["It rains here."] },
      { args: ["I like long walks."] },
      { args: ["What do you know about me?"] },
      { args: ["And what here?", "--thread", "another"] },
    ],
  },
  "shared-config-profile": {
    shows: "credentials of a profile in ~/.aws, by a provider of the AWS SDK",
    main: "shared-config-profile/index.js",
    runtime: "node",
  },
  deno: {
    shows: "a Deno script that asks, ends, and goes on with the answer",
    main: "deno/main.ts",
    runtime: "deno",
    plays: [{ args: [] }, { args: ["Ada"] }, { args: ["Paris"] }],
  },
  bun: { shows: "a Bun server that streams answers", main: "bun/server.ts", runtime: "bun", keeps: true },
  "worker-r2": {
    shows: "a Cloudflare Worker that keeps large state in R2",
    main: "worker-r2/index.ts",
    runtime: "workerd",
    keeps: true,
  },
  express: {
    shows: "an HTTP API on Express: threads, approvals, history",
    main: "express/server.js",
    runtime: "node",
    keeps: true,
  },
  "server-node": {
    shows: "the agent server in Node with Hono: CORS, sweeps, an end without broken runs",
    main: "server-node/index.js",
    runtime: "node",
    keeps: true,
  },
  "server-react": {
    shows: "a React page on server-node: tokens, an approval, a stop button, reloads",
    main: "server-react/main.tsx",
    runtime: "page",
    keeps: true,
  },
  "server-lambda": {
    shows: "the agent server as a Lambda function whose URL streams",
    main: "server-lambda/index.ts",
    runtime: "lambda",
    keeps: true,
  },
  "server-deno": {
    shows: "the agent server in Deno, with the permissions it needs",
    main: "server-deno/main.ts",
    runtime: "deno",
    keeps: true,
  },
};
