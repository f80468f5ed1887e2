import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@fontsource-variable/inter";
import "@fontsource-variable/jetbrains-mono";
import "./styles/theme.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/conversation.css";
import "./styles/answer.css";
import "./styles/history.css";
import "./styles/state.css";
import "./styles/checkpoint.css";
import "./styles/markdown.css";
import "./styles/threads.css";
import { App } from "./App.js";
import { SignIn } from "./SignIn.js";
import { Threads } from "./threads/threads.js";
import { forgetToken, keepToken, readToken, reloadForTokens } from "./threads/token.js";

const root = document.getElementById("root");
if (!root) throw new Error("index.html lacks #root.");

const threads = await connect();
createRoot(root).render(<StrictMode>{threads ? <App threads={threads} /> : <SignIn onToken={signIn} />}</StrictMode>);

/**
 * Decided when the page is built, so the Worker's page holds no LangGraph. Undefined when nobody has said who is there.
 */
async function connect(): Promise<Threads | undefined> {
  if (import.meta.env.MODE === "worker") {
    reloadForTokens();
    const token = readToken();
    if (token === undefined) return undefined;
    return new Threads({
      apiUrl: location.origin,
      headers: { authorization: `Bearer ${token}` },
      onUnknown: forgetToken, // so that a reload asks for another one
      place: `the Worker at ${location.host}`,
      storage: "the Worker's DynamoDB table",
    });
  }
  const { inPageServer } = await import("./threads/in-page-server.js");
  const { VITE_DYNAMODB_ENDPOINT: endpoint, VITE_TABLE_NAME: tableName } = import.meta.env;
  const server = inPageServer({ endpoint, tableName });
  return new Threads({
    apiUrl: location.origin,
    fetch: (request) => server.fetch(request),
    place: "this page",
    storage: `${tableName} at ${new URL(endpoint).host}`,
  });
}

function signIn(token: string): void {
  keepToken(token);
  location.reload();
}
