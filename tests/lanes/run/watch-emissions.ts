import { DynamoDBSaver, DynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import { afterAll, afterEach, expect } from "vitest";
import { emissions, type Emitted } from "./emissions.js";

/*
 * The check for secrets, in every test of every lane: whatever savers give out is looked at, and a test during which
 * one showed a secret fails. The reporter adds up what was looked at.
 */

declare module "vitest" {
  interface TaskMeta {
    emitted?: Emitted;
  }
}

const WATCHED = Symbol.for("watched by the tests");
const METHODS = [
  "getTuple",
  "list",
  "put",
  "putWrites",
  "deleteThread",
  "listThreads",
  "getDeltaChannelHistory",
  "setup",
] as const;

// Once: where files share their modules, this one runs again for each.
if (!Object.hasOwn(DynamoDBSaver, WATCHED)) {
  Object.defineProperty(DynamoDBSaver, WATCHED, { value: true });
  watchErrors();
  watchCalls();
  watchConsole();
}

afterEach(({ task }) => {
  const found = emissions.take();
  task.meta.emitted = { ...emissions.emitted };
  Object.assign(emissions.emitted, { errors: 0, events: 0, lines: 0, savers: 0 });
  expect(found, "what was given out with a secret or a stored value in it").toEqual([]);
});

// What comes after a file's last test.
afterAll(() => expect(emissions.take()).toEqual([]));

/** Every error of this package, also one that nobody gets to see. */
function watchErrors(): void {
  const { prototype } = DynamoDBSaverError;
  const Base = Object.getPrototypeOf(DynamoDBSaverError) as ErrorConstructor;
  const Watched = function (this: unknown, ...args: ConstructorParameters<ErrorConstructor>): object {
    const error = Reflect.construct(Base, args, new.target) as object;
    // Its fields come after this.
    queueMicrotask(() => emissions.error("The package", error));
    return error;
  };
  Watched.prototype = Base.prototype;
  Object.setPrototypeOf(Watched, Base);
  // `super()` calls whatever stands here.
  Object.setPrototypeOf(DynamoDBSaverError, Watched);
  Object.setPrototypeOf(prototype, Base.prototype);
}

/** What calls end with, be it an error of this package or not. */
function watchCalls(): void {
  const prototype = DynamoDBSaver.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of METHODS) {
    const method = prototype[name]!;
    const ended = (error: unknown): never => {
      emissions.error(name, error);
      throw error;
    };
    const watched = function (this: DynamoDBSaver, ...args: unknown[]): unknown {
      const result = method.apply(this, args);
      return result instanceof Promise ? result.catch(ended) : watchedItems(result as AsyncGenerator, ended);
    };
    Object.defineProperty(prototype, name, { value: watched, configurable: true, writable: true });
  }
}

async function* watchedItems(items: AsyncGenerator, ended: (error: unknown) => never): AsyncGenerator {
  try {
    yield* items;
  } catch (error) {
    ended(error);
  }
}

function watchConsole(): void {
  for (const name of ["log", "info", "warn", "error", "debug", "trace", "dir"] as const) {
    const print = console[name].bind(console) as (...what: unknown[]) => void;
    console[name] = (...what: unknown[]) => {
      emissions.printed(what);
      print(...what);
    };
  }
}
