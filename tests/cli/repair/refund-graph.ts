import { AIMessage, HumanMessage, type BaseMessage } from "@langchain/core/messages";
import { Annotation, END, interrupt, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { saverAt, type Place } from "../run.js";

const State = Annotation.Root({ ...MessagesAnnotation.spec, amount: Annotation<number>() });

/** A graph that asks whether it may pay, and then pays, if the bank is open. With nothing cached. */
export const refundGraph = (where: Place, { isOpen = true } = {}) =>
  new StateGraph(State)
    .addNode("price", () => ({ amount: 10, messages: [new AIMessage({ id: "a1", content: "10 euros" })] }))
    .addNode("approve", ({ amount }) => {
      const answer: string = interrupt({ refund: amount });
      return { messages: [new AIMessage({ id: "a2", content: `${answer} to ${amount}` })] };
    })
    .addNode("pay", ({ amount }) => {
      if (!isOpen) throw new Error("the bank is closed");
      return { messages: [new AIMessage({ id: "a3", content: `paid ${amount}` })] };
    })
    .addEdge(START, "price")
    .addEdge("price", "approve")
    .addEdge("approve", "pay")
    .addEdge("pay", END)
    .compile({ checkpointer: saverAt(where) });

export const at = (threadId: string) => ({ configurable: { thread_id: threadId } });

/** A thread that waits for the answer of somebody. */
export const ask = (where: Place, threadId: string) =>
  refundGraph(where).invoke({ messages: [new HumanMessage({ id: "h", content: "Refund?" })] }, at(threadId));

export const textsOf = ({ messages }: { messages: BaseMessage[] }): unknown[] => messages.map(({ content }) => content);
