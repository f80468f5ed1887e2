import { EventEmitter } from "node:events";
import { mkdirSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "flatted";
import type { ProvidedContext } from "vitest";
import type { PoolOptions, PoolRunnerInitializer, PoolWorker, TestProject, WorkerRequest } from "vitest/node";
import type { Order } from "../guest/suite.js";
import { bundleTests, type BundleOptions } from "./bundle.js";

/** A runtime with the bundle of all tests in it, ready for orders. */
export interface Running {
  /** Ends when the tests have run. @param onLine gets what `guest/suite.ts` reports */
  run(order: Order, onLine: (line: string) => void): Promise<void>;
  close(): Promise<void>;
}

export interface Runtime extends Pick<BundleOptions, "guest" | "conditions" | "withoutNode"> {
  name: string;
  open(bundle: string, provided: ProvidedContext): Promise<Running>;
}

const folder = fileURLToPath(new URL("../../../.cache/runtimes/bundles/", import.meta.url));

/** A vitest pool whose workers are another runtime: so its tests are chosen, reported and counted like all others. */
export function poolOf(runtime: Runtime): PoolRunnerInitializer {
  let bundle: Promise<string> | undefined;
  return {
    name: runtime.name,
    createPoolWorker: ({ project }: PoolOptions) =>
      new Worker(runtime, async () =>
        runtime.open(await (bundle ??= bundleFor(runtime, project)), project.getProvidedContext()),
      ),
  };
}

async function bundleFor(runtime: Runtime, project: TestProject): Promise<string> {
  const { root } = project.config;
  const inRepository = (path: string): string => relative(root, path);
  const { testFiles } = await project.globTestFiles();
  const outfile = `${folder}${runtime.name}.mjs`;
  mkdirSync(folder, { recursive: true });
  await bundleTests({
    ...runtime,
    files: testFiles.map(inRepository),
    setupFiles: project.config.setupFiles.map(inRepository),
    outfile,
  });
  return outfile;
}

/** Stands between vitest and one process, isolate or page. */
class Worker implements PoolWorker {
  readonly name: string;
  readonly #events = new EventEmitter();
  readonly #answers = new Map<string, () => void>();
  #running: Running | undefined;
  #config: Order["config"] | undefined;
  #calls = 0;

  constructor(
    runtime: Runtime,
    private readonly open: () => Promise<Running>,
  ) {
    this.name = runtime.name;
  }

  on = (event: string, callback: (argument: unknown) => void): void => void this.#events.on(event, callback);
  off = (event: string, callback: (argument: unknown) => void): void => void this.#events.off(event, callback);
  deserialize = (data: unknown): unknown => data;
  canReuse = (): boolean => true;

  async start(): Promise<void> {
    this.#running = await this.open();
  }

  async stop(): Promise<void> {
    await this.#running?.close();
  }

  send(message: WorkerRequest | { t: "s"; i: string }): void {
    if ("t" in message) this.#answers.get(message.i)?.();
    else if (message.type === "start") this.#started(message.context.config);
    else if (message.type === "run") void this.#run(message.context);
    else this.#respond(message.type === "stop" ? "stopped" : "testfileFinished");
  }

  #started(config: Order["config"]): void {
    this.#config = config;
    this.#respond("started");
  }

  async #run({ files, providedContext }: { files: { filepath: string }[]; providedContext: object }): Promise<void> {
    let calls = Promise.resolve();
    try {
      const order: Order = {
        files: files.map(({ filepath }) => filepath),
        config: this.#config!,
        pool: this.name,
        providedContext,
      };
      // One after the other: vitest must know of a test before it hears how it went.
      await this.#running!.run(order, (line) => {
        calls = calls.then(() => this.#call(...(parse(line) as [string, unknown[]])));
      });
      await calls;
      this.#respond("testfileFinished");
    } catch (error) {
      this.#events.emit("error", error);
    }
  }

  /** Calls a method of vitest, in the form of its own workers' calls. */
  #call(method: string, args: unknown[]): Promise<void> {
    const id = String(++this.#calls);
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#events.emit("message", { t: "q", i: id, m: method, a: args });
    });
  }

  #respond(type: "started" | "stopped" | "testfileFinished"): void {
    this.#events.emit("message", { __vitest_worker_response__: true, type });
  }
}
