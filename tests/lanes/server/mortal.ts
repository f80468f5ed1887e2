import type { AgentServer } from "langgraph-checkpoint-dynamodb/server";
import { createSaver } from "../savers/harness.js";
import type { Served } from "./served.js";

/** An instance that can die: from then on nothing that it sends arrives. */
export interface Mortal {
  server: AgentServer;
  /** After so many more requests; 0: at once. */
  die(after?: number): void;
  /** What it has sent so far. */
  readonly sent: number;
}

export function mortal({ world, another }: Served): Mortal {
  let left = Infinity;
  let sent = 0;
  const server = another({
    checkpointer: createSaver({
      ...world,
      maxAttempts: 1,
      fetch: async (url, init) => {
        if (left <= 0) throw new TypeError("It is dead.");
        left--;
        sent++;
        return fetch(url, init);
      },
    }),
  });
  return {
    server,
    die: (after = 0) => void (left = after),
    get sent() {
      return sent;
    },
  };
}

export const post = (server: AgentServer, path: string, body: unknown): Promise<Response> =>
  server.fetch(new Request(`https://agent.example${path}`, { method: "POST", body: JSON.stringify(body) }));

export const get = (server: AgentServer, path: string, headers: Record<string, string> = {}): Promise<Response> =>
  server.fetch(new Request(`https://agent.example${path}`, { headers }));
