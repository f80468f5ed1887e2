import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect } from "vitest";
import { runProgram, type Ended } from "../lanes/run/programs.js";
import { newPrefix } from "../lanes/stored/requests.js";
import { installPackage } from "../package/installed.js";

/** What the programs need beside the package, as their user installs it. */
const beside = [
  "@langchain/core",
  "@langchain/langgraph",
  "@langchain/langgraph-checkpoint",
  "@langchain/langgraph-supervisor",
  "@langchain/langgraph-swarm",
  "deepagents",
  "langchain",
  "zod",
];
const programs = ["agent", "deep-agent", "supervisor", "swarm"] as const;
export type Program = (typeof programs)[number];

/** What one process plays: acts, or an act in which it is killed. `goOn` is then played in the next process. */
export type Process = string[] | { act: string; diesIn: string };

/** What a program has shown, and done. */
export interface Played {
  /** By act; what `goOn` returned for an act that was killed. Without ids and times. */
  acts: Record<string, any>; // oxlint-disable-line typescript/no-explicit-any
  /** What its tools did, in order. */
  effects: string[];
  keyPrefix: string;
}

/** Installs the packed package with the frameworks, and puts the programs beside it. */
export async function openTheatre(): Promise<{ folder: string; remove(this: void): Promise<void> }> {
  const installed = await installPackage(beside);
  await build({
    entryPoints: programs.map((name) => fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url))),
    outdir: installed.folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "silent",
  });
  return { folder: installed.folder, remove: () => installed.remove() };
}

/** Plays acts on DynamoDB, in one process after the other. */
export async function playInProcesses(
  folder: string,
  program: Program,
  processes: Process[],
  durability: string,
): Promise<Played> {
  const keyPrefix = newPrefix();
  const shown: Played["acts"] = {};
  const EFFECTS = join(folder, `${crypto.randomUUID()}.log`);
  const env = { KEY_PREFIX: keyPrefix, DURABILITY: durability, EFFECTS };
  for (const acts of processes) {
    if (Array.isArray(acts)) {
      Object.assign(shown, shownBy(await run(folder, program, acts, env)));
    } else {
      expect(await run(folder, program, [acts.act], { ...env, DIES_IN: acts.diesIn })).toEqual({
        code: null,
        signal: "SIGKILL",
        output: "",
        errors: "",
      });
      shown[acts.act] = shownBy(await run(folder, program, ["goOn"], env)).goOn;
    }
  }
  return { acts: shown, effects: await linesOf(EFFECTS), keyPrefix };
}

/** Plays them in one process that keeps all in memory, and that nobody kills. */
export async function playInMemory(
  folder: string,
  program: Program,
  processes: Process[],
  durability: string,
): Promise<Omit<Played, "keyPrefix">> {
  const EFFECTS = join(folder, `${crypto.randomUUID()}.log`);
  const acts = processes.flatMap((process) => (Array.isArray(process) ? process : process.act));
  const ended = await run(folder, program, acts, { DYNAMODB_TABLE_NAME: undefined, DURABILITY: durability, EFFECTS });
  return { acts: shownBy(ended), effects: await linesOf(EFFECTS) };
}

const run = (
  folder: string,
  program: Program,
  acts: string[],
  env: Record<string, string | undefined>,
): Promise<Ended> => runProgram(process.execPath, [`${program}.mjs`, ...acts], folder, env);

function shownBy({ code, output, errors }: Ended): Record<string, unknown> {
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  return Object.assign(
    {},
    ...output
      .trim()
      .split("\n")
      .map((line) => comparable(JSON.parse(line))),
  ) as Record<string, unknown>;
}

const linesOf = async (file: string): Promise<string[]> => (await readFile(file, "utf8")).trim().split("\n");

/** Without the ids and times that differ between two runs, and the orders that follow from them. */
function comparable(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replace(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, "(id)")
    .replace(/\b([0-9a-f]{32}|session_[0-9a-f]{8})\b/g, "(id)")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "(time)");
  return JSON.parse(text, (key, item: unknown) => {
    if (["writes", "namespaces"].includes(key))
      return (item as unknown[]).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return item?.constructor === Object
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item;
  }) as unknown;
}
