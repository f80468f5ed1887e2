import { EventType, type BaseEvent, type RunAgentParameters } from "@ag-ui/client";
import { LangGraphAgent } from "@ag-ui/langgraph";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hosts, type Host } from "../lanes/server/hosts.js";

/* The agent of AG-UI for LangGraph, which CopilotKit uses, as it is. */

describe.each(hosts)("in %s", (_name, start) => {
  let host: Host;

  beforeAll(async () => {
    host = await start();
  });
  afterAll(() => host.close());

  const agentOf = (threadId: string): LangGraphAgent =>
    new LangGraphAgent({ deploymentUrl: host.url, graphId: "agent", threadId, emitInterruptOutcome: true });

  /** What an agent tells of a run. */
  async function run(agent: LangGraphAgent, parameters: RunAgentParameters = {}) {
    const events: Record<string, unknown>[] = [];
    const onEvent = ({ event }: { event: BaseEvent }): void => void events.push({ ...event });
    await agent.runAgent(parameters, { onEvent });
    return {
      events,
      of: (type: EventType, field: string): unknown[] =>
        events.filter((event) => event.type === type).map((event) => event[field]),
    };
  }

  function say(agent: LangGraphAgent, content: string) {
    agent.addMessage({ id: crypto.randomUUID(), role: "user", content });
    return run(agent);
  }

  const user = (content: string) => ({ role: "user", content });
  const assistant = (content: string) => ({ role: "assistant", content });

  test("text and tool calls are streamed, and snapshots give the state and the messages", async () => {
    const agent = agentOf(crypto.randomUUID());
    const first = await say(agent, "Hello you");
    expect(first.of(EventType.TEXT_MESSAGE_CONTENT, "delta")).toEqual(["You", " said", " Hello", " you."]);
    const messages = [user("Hello you"), assistant("You said Hello you.")];
    expect(first.of(EventType.MESSAGES_SNAPSHOT, "messages").at(-1)).toMatchObject(messages);
    expect(first.of(EventType.STATE_SNAPSHOT, "snapshot").at(-1)).toMatchObject({
      messages: messages.map(({ content }) => ({ content })),
    });
    expect(first.events.at(-1)).toMatchObject({ type: EventType.RUN_FINISHED });

    const second = await say(agent, "weather in Paris");
    expect(second.of(EventType.TOOL_CALL_START, "toolCallName")).toEqual(["weather"]);
    expect(second.of(EventType.TOOL_CALL_ARGS, "delta").join("")).toBe('{"what":"Paris"}');
    expect(second.of(EventType.TOOL_CALL_RESULT, "content")).toEqual(["Sunny in Paris"]);
    expect(second.of(EventType.STEP_STARTED, "stepName")).toEqual(["model", "tools", "model"]);
    expect(second.of(EventType.MESSAGES_SNAPSHOT, "messages").at(-1)).toMatchObject([
      ...messages,
      user("weather in Paris"),
      { role: "assistant", toolCalls: [{ function: { name: "weather", arguments: '{"what":"Paris"}' } }] },
      { role: "tool", content: "Sunny in Paris" },
      assistant("You said Sunny in Paris."),
    ]);
  });

  test("an interrupt ends the run with its question, and is answered", async () => {
    const agent = agentOf(crypto.randomUUID());
    const asked = await say(agent, "order tea");
    expect(asked.events.at(-1)).toMatchObject({
      type: EventType.RUN_FINISHED,
      outcome: { type: "interrupt", interrupts: [{ message: "Order tea?" }] },
    });
    const interruptId = agent.pendingInterrupts[0]!.id;
    const answered = await run(agent, { resume: [{ interruptId, status: "resolved", payload: "yes" }] });
    expect(answered.of(EventType.TOOL_CALL_RESULT, "content")).toEqual(["tea: yes"]);
    expect(agent.messages).toContainEqual(expect.objectContaining(assistant("You said tea: yes.")));
    expect(agent.pendingInterrupts).toEqual([]);
  });

  test("a message that was edited is answered from where it stood", async () => {
    const agent = agentOf(crypto.randomUUID());
    await say(agent, "one");
    await say(agent, "two");
    // A message that the thread does not know is what the agent looks for.
    const system = { id: crypto.randomUUID(), role: "system" as const, content: "Be short." };
    agent.setMessages([system, { id: agent.messages[0]!.id, role: "user", content: "uno" }]);
    const again = await run(agent);
    expect(again.of(EventType.TEXT_MESSAGE_CONTENT, "delta").join("")).toBe("You said uno.");
    expect(again.of(EventType.MESSAGES_SNAPSHOT, "messages").at(-1)).toMatchObject([
      user("uno"),
      assistant("You said uno."),
    ]);
  });
});
