// A page that talks to the server of server-node by LangGraph's useStream: tokens, an approval, a stop button. The
// thread stands in the address, so that a reload finds it again, and a run that is under way.
//
//   npm run example -- server-react        builds it, and serves it with server-node beside it
import type { Message } from "@langchain/langgraph-sdk";
import { useStream } from "@langchain/langgraph-sdk/react";
import { useState, type FormEvent } from "react";
import { createRoot } from "react-dom/client";

const apiUrl = import.meta.env.VITE_AGENT_URL ?? "http://127.0.0.1:2024";

// In place of your sign-in: the server's AGENT_TOKEN. It must not be in the page's files.
const token = sessionStorage.getItem("token") ?? prompt("The token of the server:") ?? "";
sessionStorage.setItem("token", token);

const textOf = ({ content }: Message) =>
  typeof content === "string" ? content : content.map((part) => (part.type === "text" ? part.text : "")).join("");

function Chat() {
  const [threadId, setThreadId] = useState(new URLSearchParams(location.search).get("thread"));
  const { messages, interrupt, isLoading, error, submit, stop } = useStream<
    { messages: Message[] },
    { InterruptType: string }
  >({
    apiUrl,
    assistantId: "agent",
    defaultHeaders: { authorization: `Bearer ${token}` },
    threadId,
    onThreadId: (id) => {
      setThreadId(id);
      history.replaceState(null, "", `?thread=${id}`);
    },
    reconnectOnMount: true,
  });

  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const content = new FormData(event.currentTarget).get("message") as string;
    event.currentTarget.reset();
    const message: Message = { type: "human", content };
    void submit(
      { messages: [message] },
      { optimisticValues: (before) => ({ messages: [...(before.messages ?? []), message] }) },
    );
  };
  const answer = (resume: "approve" | "reject") => void submit(undefined, { command: { resume } });

  return (
    <main>
      <ol>
        {messages.map((message, i) => (
          <li key={message.id ?? i}>{`${message.type}: ${textOf(message)}`}</li>
        ))}
      </ol>
      {error instanceof Error && <p role="alert">{error.message}</p>}
      {interrupt && (
        <p>
          {interrupt.value} <button onClick={() => answer("approve")}>Approve</button>
          <button onClick={() => answer("reject")}>Reject</button>
        </p>
      )}
      <form onSubmit={send}>
        <input name="message" aria-label="Message" required />
        {isLoading ? (
          <button type="button" onClick={() => void stop()}>
            Stop
          </button>
        ) : (
          <button>Send</button>
        )}
      </form>
    </main>
  );
}

createRoot(document.getElementById("root")!).render(<Chat />);
