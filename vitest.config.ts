import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { newestPeers, oldestPeers } from "./scripts/lib/testing/peers.js";
import { planFromEnv } from "./scripts/lib/testing/test-plan.js";
import { fromOldestPeers } from "./tests/lanes/run/oldest-peers.js";
import { poolOf } from "./tests/runtimes/host/pool.js";
import { runtimes } from "./tests/runtimes/host/runtimes.js";

const plan = planFromEnv();
/** Whether all is tried everywhere: `npm run test:whole`, and whoever names files. */
const isWhole = plan.effort === "full";

/**
 * Tests of behaviour run in every lane. The rest of `tests/` needs Node (child processes, files, servers). Where none
 * keeps a state of its own, files share their modules: loading LangGraph for each would take much of the time.
 */
const behaviour = "tests/behaviour/**/*.test.ts";
/** Of what needs Node: tests that look at other processes, and at no state of their own. */
const ofPrograms = "tests/{cli,examples,frameworks,infra,package,security}/**/*.test.ts";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

/**
 * What the other runtimes run in `npm test`: what they could do in another way (requests, cryptography, compression,
 * bytes, time, the context of a call), and LangGraph's own suite. `npm run test:whole` runs everything in each of them.
 */
const first = [
  "abort*",
  "base64",
  "cache",
  "config",
  "context",
  "encryption*",
  "from-env",
  "official",
  "reader-options",
  "s3",
  "s3-options",
  "signing*",
  "store",
  "store-in-graphs",
  "store-vectors",
  "values",
];
const include = isWhole ? [behaviour] : [`tests/behaviour/**/{${first.join()}}.test.ts`];

/** What Node 22, 24 and 26 run: 20 runs everything. What installs the package tries 20 and 26 as users do. */
const newerNode = isWhole ? [behaviour] : ["tests/behaviour/**/{encryption,official,s3,signing*,values}.test.ts"];

/**
 * What LangGraph has no part in, whichever version it is: the client and its credentials, options, what becomes of
 * state when requests fail or clocks run on, ids, sizes, S3, damaged items, deletion and pruning, and its official
 * suite once more with other options.
 */
const withoutLangGraph = [
  "tests/behaviour/{aws,config,crash,credentials,payload,table}/*.test.ts",
  "tests/behaviour/checkpoint/{delete/*,budgets,faults,history,latest-only}.test.ts",
  "tests/behaviour/threads/{copy-*,incarnations,long-work,prune*,removed-runs,restored-thread}.test.ts",
  "tests/behaviour/format/{data-errors*,encryption-*}.test.ts",
  "tests/behaviour/**/{ids,key-families,official-*,sizes}.test.ts",
  "tests/behaviour/store/store-{batch,by-meaning,crash,differences,late,pages-by-meaning}.test.ts",
  "tests/behaviour/store/store-{requests,sketch,ttl,values,without-s3}.test.ts",
  "tests/behaviour/store/{clocks-and-leftovers,s3-vectors,vectors}/*.test.ts",
  "tests/behaviour/cache/cache-!(values).test.ts",
  "tests/behaviour/format/{custom-ids,max-value,serde-random}.test.ts",
  "tests/behaviour/hostile/hostile-!(constructors).test.ts",
];

/** What workerd runs besides, where most of this package's Workers are: all of requests, and the care of threads. */
const inWorkerd = isWhole
  ? []
  : [
      "tests/behaviour/{aws,credentials}/*.test.ts",
      "tests/behaviour/threads/{copy-export,export-import,prune}.test.ts",
      "tests/behaviour/server/server-{input,runs}.test.ts",
    ];

/** LangGraph's suite with one option at a time: `official-together` has them all. */
const oneByOne = isWhole ? [] : ["tests/behaviour/official/official-{encryption,plain,s3,ttl}.test.ts"];

const resolve = {
  // The first that fits the beginning of a name is taken.
  alias: {
    "langgraph-checkpoint-dynamodb/context": source("context.ts"),
    "langgraph-checkpoint-dynamodb/credentials": source("credentials.ts"),
    "langgraph-checkpoint-dynamodb/reader": source("reader.ts"),
    "langgraph-checkpoint-dynamodb/s3-vectors": source("s3-vectors.ts"),
    "langgraph-checkpoint-dynamodb/server": source("server.ts"),
    "langgraph-checkpoint-dynamodb": source("index.ts"),
  },
};

const lane = {
  exclude: plan.leftOut,
  provide: { effort: "little" as const, peers: newestPeers() },
  globals: true, // the official validation suite is written for vitest's globals
  setupFiles: ["tests/lanes/stored/table.ts"],
  testTimeout: 120_000, // for a machine that is busy with other things as well
  hookTimeout: 60_000,
};

/** With the search for secrets, which takes Node's `inspect`. */
const watched = { ...lane, setupFiles: [...lane.setupFiles, "tests/lanes/run/watch-emissions.ts"] };

const inNode = { ...watched, provide: { ...lane.provide, effort: plan.effort } };

export default defineConfig({
  test: {
    globalSetup: "tests/lanes/run/global-setup.ts",
    maxWorkers: 4, // on two cores: tests also wait, for servers and clocks
    retry: 0,
    projects: [
      {
        resolve,
        test: {
          ...inNode,
          name: "node",
          include: [behaviour, ofPrograms],
          exclude: [...lane.exclude, ...oneByOne],
          isolate: false,
        },
      },
      {
        resolve,
        test: {
          ...inNode,
          name: "node/alone",
          include: ["tests/**/*.test.ts"],
          exclude: [...lane.exclude, behaviour, ofPrograms],
        },
      },
      {
        resolve,
        plugins: [cloudflareTest({ wrangler: { configPath: "tests/lanes/wrangler.toml" } })],
        test: {
          ...watched,
          name: "workerd",
          include: [...include, ...inWorkerd],
          isolate: false,
        },
      },
      {
        resolve,
        plugins: [fromOldestPeers()],
        test: {
          ...watched,
          name: "oldest-peers",
          provide: { ...lane.provide, peers: oldestPeers() },
          include: [behaviour, "tests/peers.test.ts"],
          exclude: [...lane.exclude, ...withoutLangGraph],
          isolate: false,
        },
      },
      ...runtimes.map((runtime) => ({
        resolve,
        test: {
          ...lane,
          name: runtime.name,
          include: /^node/.test(runtime.name) ? newerNode : include,
          isolate: false,
          pool: poolOf(runtime),
        },
      })),
    ],
  },
});
