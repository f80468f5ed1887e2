import { stringify } from "flatted";
import type { File } from "@vitest/runner";
import type * as Vitest from "vitest";
import type { SerializedConfig } from "vitest";
import { files } from "test-files";

/** Which test files to run, and with what: vitest's own words for it. */
export interface Order {
  files: string[];
  config: SerializedConfig;
  pool: string;
  providedContext: object;
}

/** One call of the methods by which a worker tells vitest what happens, as one line of text. */
export type Report = (line: string) => void;

const GLOBALS = [
  "describe",
  "it",
  "test",
  "suite",
  "expect",
  "vi",
  "beforeAll",
  "afterAll",
  "beforeEach",
  "afterEach",
] as const;

let report: Report = () => undefined;

for (const name of ["error", "unhandledrejection"] as const) {
  (globalThis as Partial<EventTarget>).addEventListener?.(name, (event) => {
    event.preventDefault();
    const { error, reason } = event as unknown as { error?: unknown; reason?: unknown };
    unhandled(error ?? reason);
  });
}

/** For what no test has caught. */
export function unhandled(error: unknown): void {
  const { name = "Error", message = String(error), stack } = (error ?? {}) as Partial<Error>;
  tell("onUnhandledError", { name, message, stack }, "Unhandled Error");
}

function tell(method: string, ...args: unknown[]): void {
  report(stringify([method, args]));
}

/**
 * Runs test files in this runtime, whatever it is: by vitest's own runner, matchers, mocks and clock, none of which
 * needs Node. Only the loading of files does, and here they are all in one bundle.
 */
export async function runSuite(order: Order, reportTo: Report): Promise<void> {
  report = reportTo;
  useState(order);
  const vitest = await import("vitest");
  for (const name of GLOBALS)
    Object.defineProperty(globalThis, name, { value: vitest[name], configurable: true, writable: true });
  const { startTests } = await import("vitest/internal/browser");
  const runner = makeRunner(vitest, order);
  for (const file of order.files) await startTests([file], runner);
}

function makeRunner({ TestRunner }: typeof Vitest, { config }: Order): InstanceType<typeof TestRunner> {
  class Runner extends TestRunner {
    override async importFile(path: string): Promise<void> {
      const load = files[path.slice(config.root.length + 1)];
      if (!load) throw new Error(`${path} is not in the bundle.`);
      await load();
    }
    override onCollectStart(file: File): void {
      tell("onQueued", file);
      super.onCollectStart(file);
    }
    onCollected(collected: File[]): void {
      tell("onCollected", collected);
    }
    onTaskUpdate(...update: unknown[]): Promise<void> {
      tell("onTaskUpdate", ...update);
      return Promise.resolve();
    }
  }
  const runner = new Runner({ ...config, setupFiles: [] }); // they are in the bundle, in front of each file
  runner.__setTraces({ $: (_name: string, _options: object, call: () => unknown) => call() } as never);
  return runner;
}

/** What vitest's modules ask for while they run. */
function useState({ config, pool, providedContext }: Order): void {
  const state = {
    ctx: { pool },
    config: { ...config, snapshotOptions: { ...config.snapshotOptions, snapshotEnvironment } },
    environment: { name: "node" },
    evaluatedModules: { idToModuleMap: new Map(), getModuleById: () => undefined },
    resolvingModules: new Set(),
    providedContext,
    metaEnv: {},
    durations: { environment: 0, prepare: 0 },
    rpc: { snapshotSaved: () => undefined },
    onCleanup: () => undefined,
  };
  Object.defineProperty(globalThis, "__vitest_worker__", { value: state, configurable: true, writable: true });
}

/** No test has snapshots. */
const snapshotEnvironment = {
  getVersion: () => "1",
  getHeader: () => "",
  resolveRawPath: (_test: string, path: string) => Promise.resolve(path),
  resolvePath: (path: string) => Promise.resolve(`${path}.snap`),
  readSnapshotFile: () => Promise.resolve(null),
};
