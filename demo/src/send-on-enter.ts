import type { KeyboardEvent } from "react";

/** Enter sends, and with Shift it makes a line. It may also end a word that is composed of several keys. */
export const sendOnEnter = (send: () => void) => (event: KeyboardEvent) => {
  if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
  event.preventDefault();
  send();
};
