import { textOf, toolCallsOf } from "../threads/checkpoint.js";
import type { Status } from "../threads/status.js";
import type { Message } from "../threads/threads.js";
import { ToolCallCard } from "./ToolCallCard.js";

/** The conversation. What a tool answered stands with the call it answers. */
export function MessageList({ messages, status }: { messages: Message[]; status: Status }) {
  const results = new Map(
    messages.flatMap((message) => (message.type === "tool" ? [[message.tool_call_id, textOf(message)] as const] : [])),
  );
  return (
    <>
      {status === "unread" && <p className="empty">This thread could not be read.</p>}
      {messages.length === 0 && !["running", "loading", "unread"].includes(status) && (
        <p className="empty">Nothing had been said at this checkpoint.</p>
      )}
      <ol className="message-list" aria-label="Messages">
        {messages
          .filter((message) => message.type !== "tool")
          .map((message, index) => (
            <li key={message.id ?? `new-${index}`} className="message" data-type={message.type}>
              <span className="who">{message.type === "human" ? "You" : "Agent"}</span>
              {textOf(message) && <p className="bubble">{textOf(message)}</p>}
              {toolCallsOf(message).map((call) => (
                <ToolCallCard
                  key={call.id}
                  call={call}
                  result={results.get(call.id ?? "")}
                  pending={pendingText(status)}
                />
              ))}
            </li>
          ))}
      </ol>
      {status === "running" && <p className="thinking">The agent is at work</p>}
    </>
  );
}

function pendingText(status: Status): string {
  if (status === "waiting") return "needs your approval";
  return status === "running" ? "running" : "not run at this point";
}
