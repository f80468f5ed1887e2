import type { Message, Values } from "../threads/threads.js";

/**
 * What to write so that a state becomes another one. LangGraph merges what is written into each channel in the
 * channel's own way, so what stays is left out: a channel that adds up would have it twice.
 *
 * @param after a channel that is not in it stays as it is
 */
export function updateOf(before: Values, after: Values): Values {
  const changed = Object.entries(after).filter(([channel, value]) => !isSame(value, before[channel]));
  if (changed.length === 0) throw new Error("Nothing has been changed yet.");
  return Object.fromEntries(
    changed.map(([channel, value]) => [
      channel,
      channel === "messages" && Array.isArray(value)
        ? messagesUpdate(before.messages ?? [], value as Message[])
        : value,
    ]),
  );
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Messages are known by their ids: a known one is replaced, another one comes last, one that is gone is removed. */
function messagesUpdate(before: readonly Message[], after: readonly Message[]): unknown[] {
  const removed = before.filter(({ id }) => !after.some((message) => message.id === id));
  return [
    ...removed.map(({ id }) => ({ type: "remove", id })),
    ...after.filter((message) => !before.some((one) => isSame(one, message))),
  ];
}

/** @throws Error that says what is wrong with what a person has typed */
export function valuesIn(text: string): Values {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw new Error("A state is an object with a value for each channel.");
  return values as Values;
}
