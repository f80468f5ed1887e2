import { AIMessage, ToolMessage, isBaseMessage, type BaseMessage } from "@langchain/core/messages";
import type { StateSnapshot } from "@langchain/langgraph/web";
import type { AgentValues, Document } from "./state.js";

/** How a message looks on the wire. */
export function messageView(message: BaseMessage) {
  return {
    id: message.id,
    type: message.type,
    content: message.text,
    ...(AIMessage.isInstance(message) &&
      message.tool_calls?.length && {
        tool_calls: message.tool_calls.map(({ id, name, args }) => ({ id, name, args })),
      }),
    ...(ToolMessage.isInstance(message) && { name: message.name, tool_call_id: message.tool_call_id }),
  };
}

/** Turns the messages inside a state or an update into their wire form and leaves everything else as it is. */
export function valueView(value: unknown): unknown {
  if (isBaseMessage(value)) return messageView(value);
  if (Array.isArray(value)) return value.map(valueView);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, valueView(inner)]));
}

export const documentView = ({ name, text }: Document) => ({ name, length: text.length });

/**
 * Each checkpoint of a history has the document, which may be megabytes: `GET /threads/:id/document` gives its text.
 */
function stateView({ document, ...values }: AgentValues) {
  return { ...(valueView(values) as object), ...(document && { document: documentView(document) }) };
}

/** How a checkpoint looks on the wire. */
export function checkpointView(snapshot: StateSnapshot) {
  return {
    checkpoint_id: snapshot.config.configurable?.["checkpoint_id"] as string,
    parent_checkpoint_id: (snapshot.parentConfig?.configurable?.["checkpoint_id"] as string | undefined) ?? null,
    created_at: snapshot.createdAt ?? null,
    source: snapshot.metadata?.source ?? null,
    step: snapshot.metadata?.step ?? null,
    next: snapshot.next,
    interrupts: interruptsOf(snapshot),
    values: stateView(snapshot.values as AgentValues),
  };
}

/** What the thread waits for, if anything. */
export const interruptsOf = (snapshot: StateSnapshot) =>
  snapshot.tasks.flatMap((task) => task.interrupts.map(({ id, value }) => ({ id, value: value as unknown })));
