import type { Status } from "../threads/status.js";

/** What the thread is doing, in a word; told to screen readers whenever it changes. */
export function RunStatus({ status, next }: { status: Status; next: string[] }) {
  return (
    <p className="status" role="status" data-status={status}>
      {textOf(status, next)}
    </p>
  );
}

function textOf(status: Status, next: string[]): string {
  switch (status) {
    case "loading":
      return "Reading";
    case "unread":
      return "Not read";
    case "empty":
      return "New";
    case "running":
      return "Running";
    case "waiting":
      return "Waiting for you";
    case "stopped":
      return `Stopped before ${next.join(", ")}`;
    case "done":
      return "Done";
  }
}
