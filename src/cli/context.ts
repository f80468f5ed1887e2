import type { Command } from "commander";
import { expandConfig } from "../config/config.js";
import { ambientEnv } from "../config/environment.js";
import type { DynamoDBSaver } from "../threads/saver.js";
import type { Storage } from "../checkpoint/storage.js";
import type { DynamoDBSaverEvent } from "../aws/client/events.js";
import type { DynamoDBSaverOptions } from "../options.js";
import { rememberEndpoints } from "./endpoints.js";
import { signal } from "./interrupt.js";
import { saverOptions, type GlobalOptions } from "./options.js";
import { outputOf, type Output } from "./output.js";
import { dim } from "./text.js";

/** What a command works with. */
export interface Context {
  saver: DynamoDBSaver;
  /** The saver's own parts, for what its methods do not tell. */
  storage: Storage;
  /** What both were made of. */
  options: DynamoDBSaverOptions;
  output: Output;
  /** Fires on Ctrl-C. All requests have it already. */
  signal: AbortSignal;
  /** Calls `listener` after every request with how many there were. Returns what ends that. */
  onRequest(listener: (requests: number) => void): () => void;
  /** What the requests until now have cost. */
  spent(): { requests: number; readUnits: number };
}

/** Opens what a command's options name. Sends nothing yet. */
export type Open = (command: Command) => Promise<Context>;

export const openContext: Open = async (command) => {
  const output = outputOf(command);
  let requests = 0;
  let readUnits = 0;
  const listeners = new Set<(requests: number) => void>();
  const onEvent = (event: DynamoDBSaverEvent): void => {
    show(event, output);
    if (event.type === "request") {
      requests++;
      readUnits += event.consumedCapacity.readUnits;
    }
    for (const listener of listeners) listener(requests);
  };
  const options: DynamoDBSaverOptions = {
    ...(await saverOptions(command.optsWithGlobals<GlobalOptions>())),
    signal,
    onEvent,
  };
  // Not before they are needed: `--help` does without.
  const [{ DynamoDBSaver }, { openStorage }, { writingFor }] = await Promise.all([
    import("../threads/saver.js"),
    import("../checkpoint/open-storage.js"),
    import("../checkpoint/write/writing.js"),
  ]);
  const saver = new DynamoDBSaver(options);
  const config = expandConfig(options, ambientEnv());
  rememberEndpoints(config);
  const storage = openStorage(config, saver.serde, writingFor(config));
  const onRequest = (listener: (requests: number) => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return { saver, storage, options, output, signal, onRequest, spent: () => ({ requests, readUnits }) };
};

function show(event: DynamoDBSaverEvent, output: Output): void {
  if (event.type === "warning") output.warn(event.message);
  if (!output.isVerbose) return;
  if (event.type === "retry")
    output.note(
      dim(
        `${event.service} ${event.operation} failed at attempt ${event.attempt} (${event.reason}), again in ` +
          `${Math.round(event.delayMs)} ms`,
      ),
    );
  if (event.type !== "request") return;
  const { readUnits, writeUnits } = event.consumedCapacity;
  const cost = [readUnits > 0 && `${readUnits} read units`, writeUnits > 0 && `${writeUnits} write units`, event.error]
    .filter(Boolean)
    .join(", ");
  output.note(
    dim(
      `${event.service} ${event.operation} ${event.status} ${Math.round(event.durationMs)} ms${cost && ` (${cost})`}`,
    ),
  );
}
