import type { BaseMessage } from "@langchain/core/messages";
import { Annotation, addMessages, type Messages } from "@langchain/langgraph/web";

/** Money that went back to a customer. */
export interface Refund {
  order_id: string;
  amount: number;
}

/** A text that a customer has uploaded: a device's log, an invoice, a warranty. */
export interface Document {
  name: string;
  text: string;
}

/** The channels of the graph. Each reducer says how a node's update is merged into what is there. */
export const AgentState = Annotation.Root({
  messages: Annotation<BaseMessage[], Messages>({ reducer: addMessages, default: () => [] }),
  refunds: Annotation<Refund[]>({ reducer: (made, more) => [...made, ...more], default: () => [] }),
  /** The tool calls that a person has approved. Only the node `approval` adds to it. */
  approved: Annotation<string[]>({ reducer: (before, more) => [...before, ...more], default: () => [] }),
  document: Annotation<Document | undefined>,
});

export type AgentValues = typeof AgentState.State;
export type AgentUpdate = typeof AgentState.Update;
