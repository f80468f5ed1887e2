import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@fontsource-variable/inter";
import "@fontsource-variable/jetbrains-mono";
import "./styles/theme.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/conversation.css";
import "./styles/history.css";
import "./styles/state.css";
import { App } from "./App.js";
import type { Threads } from "./threads/threads.js";

const root = document.getElementById("root");
if (!root) throw new Error("index.html lacks #root.");

createRoot(root).render(
  <StrictMode>
    <App threads={await connect()} />
  </StrictMode>,
);

/** Decided when the page is built, so the Worker's page holds no LangGraph. */
async function connect(): Promise<Threads> {
  if (import.meta.env.MODE === "worker") {
    const { workerThreads } = await import("./threads/worker.js");
    return workerThreads();
  }
  const { inPageThreads } = await import("./threads/in-page.js");
  const { VITE_DYNAMODB_ENDPOINT: endpoint, VITE_TABLE_NAME: tableName } = import.meta.env;
  return inPageThreads({ endpoint, tableName });
}
