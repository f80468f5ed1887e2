import { textOf, toolCallsOf } from "../threads/checkpoint.js";
import type { Status } from "../threads/status.js";
import type { Message } from "../threads/threads.js";
import { Markdown } from "./Markdown.js";
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
              {textOf(message) && <Said message={message} />}
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

/** A model writes Markdown. A person's words stay as they are. */
const Said = ({ message }: { message: Message }) =>
  message.type === "human" ? <p className="bubble">{textOf(message)}</p> : <Markdown text={textOf(message)} />;

/** In a run, a call may be at work, or about to be asked about. */
function pendingText(status: Status): string {
  if (status === "waiting") return "needs your approval";
  return status === "running" ? "no result yet" : "not run at this point";
}
