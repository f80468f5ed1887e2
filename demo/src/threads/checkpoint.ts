import type { Checkpoint, Interrupt, Message } from "./threads.js";

/* What the page shows of what LangGraph's server gives. */

export const idOf = ({ checkpoint }: Checkpoint): string => checkpoint.checkpoint_id ?? "";

export const parentOf = ({ parent_checkpoint: parent }: Checkpoint): string | null => parent?.checkpoint_id ?? null;

export const stepOf = ({ metadata }: Checkpoint): number | undefined => metadata?.["step"];

export const sourceOf = ({ metadata }: Checkpoint): string | undefined => metadata?.["source"];

/** What waits for an answer. */
export const interruptsOf = ({ tasks }: Checkpoint): Interrupt[] => tasks.flatMap(({ interrupts }) => interrupts);

/** Models may give pieces, of which some are no text. */
export const textOf = ({ content }: Message): string =>
  typeof content === "string" ? content : content.map((piece) => (piece.type === "text" ? piece.text : "")).join("");

export interface ToolCall {
  id?: string | undefined;
  name: string;
  args: Record<string, unknown>;
}

export const toolCallsOf = (message: Message): ToolCall[] => (message.type === "ai" && message.tool_calls) || [];
