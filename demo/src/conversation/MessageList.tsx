import type { Status } from "../threads/status.js";
import type { Message } from "../threads/threads.js";
import { ToolCallCard } from "./ToolCallCard.js";

/** The conversation. What a tool answered stands with the call it answers. */
export function MessageList({ messages, status }: { messages: Message[]; status: Status }) {
  const results = new Map(
    messages.flatMap((message) => (toolCallId(message) ? [[toolCallId(message), message] as const] : [])),
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
              {message.content && <p className="bubble">{message.content}</p>}
              {(message.tool_calls || []).map((call) => (
                <ToolCallCard
                  key={call.id}
                  call={call}
                  result={results.get(call.id)?.content}
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

const toolCallId = (message: Message): string | undefined =>
  "tool_call_id" in message ? message.tool_call_id : undefined;

function pendingText(status: Status): string {
  if (status === "waiting") return "needs your approval";
  return status === "running" ? "running" : "not run at this point";
}
