import { AIMessage } from "@langchain/core/messages";
import {
  Annotation,
  interrupt,
  MessagesAnnotation,
  START,
  StateGraph,
  type LangGraphRunnableConfig,
} from "@langchain/langgraph";

/* Graphs as users have them. */

const texts = () => Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] });
const Log = Annotation.Root({ log: texts() });

/** Where a node waits until a test lets it go on. */
export interface Waits {
  /** What nodes have done, by their names. */
  done: string[];
  gate: { pass(): Promise<void> };
}

/** `chat` answers, `steps` has two nodes of which the second waits, `ask` asks once, `ask-twice` twice in a node. */
export function graphsOf({ done, gate }: Waits) {
  const step = (name: string) => (): typeof Log.Update => {
    done.push(name);
    return { log: [name] };
  };
  return {
    chat: new StateGraph(MessagesAnnotation)
      .addNode("answer", ({ messages }) => ({
        messages: [new AIMessage({ id: `a${messages.length}`, content: `You said ${messages.at(-1)?.text}.` })],
      }))
      .addEdge(START, "answer")
      .compile(),
    steps: new StateGraph(Log)
      .addNode("first", step("first"))
      .addNode("second", async () => {
        await gate.pass();
        return step("second")();
      })
      .addEdge(START, "first")
      .addEdge("first", "second")
      .compile(),
    ask: new StateGraph(Log)
      .addNode("ask", () => ({ log: [`answered ${interrupt<string, string>("Really?")}`] }))
      .addNode("after", step("after"))
      .addEdge(START, "ask")
      .addEdge("ask", "after")
      .compile(),
    "ask-twice": new StateGraph(Log)
      .addNode("ask", () => {
        const one = interrupt<string, string>("One?");
        done.push(`one ${one}`);
        const two = interrupt<string, string>("Two?");
        return { log: [`${one} and ${two}`] };
      })
      .addEdge(START, "ask")
      .compile(),
    fails: new StateGraph(Log)
      .addNode("fail", () => {
        throw new RangeError("It is too far.");
      })
      .addEdge(START, "fail")
      .compile(),
    user: new StateGraph(Log)
      .addNode("who", (_state, { configurable, store }: LangGraphRunnableConfig) => ({
        log: [JSON.stringify(configurable?.langgraph_auth_user ?? null), store ? "store" : "no store"],
      }))
      .addEdge(START, "who")
      .compile(),
  };
}
