import { AIMessage, ToolMessage, type BaseMessage } from "@langchain/core/messages";
import type { ToolCall } from "@langchain/core/messages/tool";
import { END, START, StateGraph, interrupt, type LangGraphRunnableConfig } from "@langchain/langgraph/web";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { recall, remember } from "./memories.js";
import type { Model } from "./model/model.js";
import { AgentState, type AgentUpdate, type AgentValues, type Refund } from "./state.js";
import { tools } from "./tools.js";

provideContext();

/** What a person answers to an interrupt of the `approval` node. */
export interface Decision {
  approve: boolean;
  reason?: string | undefined;
}

/**
 * The agent: a model that may call tools, and a person between the model and the tools that spend money.
 *
 * ```text
 * START → agent → approval → tools → agent → … → END
 *               ↘ (harmless) ↗
 * ```
 */
export function createAgent(model: Model) {
  return new StateGraph(AgentState)
    .addNode("agent", async (state: AgentValues, config: LangGraphRunnableConfig): Promise<AgentUpdate> => {
      const memories = await recall(config);
      const { id, content, tool_calls = [] } = await model.invoke(state.messages, { ...config, memories });
      // What has come in pieces is one message from now on.
      return { messages: [new AIMessage({ ...(id !== undefined && { id }), content, tool_calls })] };
    })
    .addNode("approval", askForApproval)
    .addNode("tools", callTools)
    .addEdge(START, "agent")
    .addConditionalEdges("agent", afterAgent, ["approval", "tools", END])
    .addEdge("approval", "tools")
    .addEdge("tools", "agent")
    .compile();
}

/** What is asked for, as a person approved it: the same call with other arguments is another one. */
const approvalOf = ({ id, name, args }: ToolCall): string => JSON.stringify([id, name, args]);

const toolNamed = (name: string) => tools.find((tool) => tool.name === name);

function afterAgent(state: AgentValues) {
  if (openToolCalls(state.messages).length === 0) return END;
  return needsApproval(state) ? "approval" : "tools";
}

/** Whether the graph may only go on to the tools with the word of a person. */
const needsApproval = ({ messages }: AgentValues): boolean =>
  openToolCalls(messages).some((call) => toolNamed(call.name)?.needsApproval);

/** Awaits nothing before `interrupt()`: see {@link provideContext}. A node runs again from its start when resumed. */
function askForApproval({ messages }: AgentValues): AgentUpdate {
  const calls = openToolCalls(messages).filter((call) => toolNamed(call.name)?.needsApproval);
  const decision: Decision = interrupt({
    question: "Do you approve?",
    tool_calls: calls.map(({ id, name, args }) => ({ id, name, args })),
  });
  if (decision.approve) return { approved: calls.map(approvalOf) };
  const content = JSON.stringify({ approved: false, reason: decision.reason });
  return { messages: calls.map((call) => new ToolMessage({ content, name: call.name, tool_call_id: call.id ?? "" })) };
}

async function callTools(state: AgentValues, config: LangGraphRunnableConfig): Promise<AgentUpdate> {
  const messages: ToolMessage[] = [];
  const refunds: Refund[] = [];
  for (const call of openToolCalls(state.messages)) {
    const tool = toolNamed(call.name);
    // However it came here: what spends money is not done without the word of a person on this very call.
    const isAllowed = !tool?.needsApproval || state.approved.includes(approvalOf(call));
    // A second call in the same step must see what the first one paid out.
    const seen = { ...state, refunds: [...state.refunds, ...refunds] };
    const outcome =
      isAllowed && tool
        ? tool.call(call.args, seen)
        : { content: { error: tool ? "Nobody has approved this." : `There is no tool ${call.name}.` }, failed: true };
    if (outcome.refund) refunds.push(outcome.refund);
    if (outcome.memory !== undefined) {
      await remember(`${String(config.configurable?.["thread_id"])} ${call.id ?? ""}`, outcome.memory, config);
    }
    messages.push(
      new ToolMessage({
        content: JSON.stringify(outcome.content),
        name: call.name,
        tool_call_id: call.id ?? "",
        status: outcome.failed ? "error" : "success",
      }),
    );
  }
  return { messages, refunds };
}

/** What the last message of the model asked for and nobody has answered yet, be it a tool or a person who said no. */
function openToolCalls(messages: BaseMessage[]) {
  const asked = messages.findLastIndex((message) => AIMessage.isInstance(message));
  const request = messages[asked];
  if (!request || !AIMessage.isInstance(request)) return [];
  const answered = new Set(
    messages
      .slice(asked + 1)
      .filter((m) => ToolMessage.isInstance(m))
      .map((m) => m.tool_call_id),
  );
  return (request.tool_calls ?? []).filter((call) => !answered.has(call.id ?? ""));
}
