import { observedSaver, type Fault, type ObservedSaver } from "./faulty-fetch.js";

export const reason = new Error("the user has left");

/** A saver with a signal that the test can fire. */
export function abortable(
  fault: Fault,
  options: Parameters<typeof observedSaver>[1] = {},
): ObservedSaver & { controller: AbortController } {
  const controller = new AbortController();
  return { controller, ...observedSaver(fault, { signal: controller.signal, ...options }) };
}
