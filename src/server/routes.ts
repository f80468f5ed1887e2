import {
  countAssistants,
  getAssistant,
  getAssistantGraph,
  getSchemas,
  getSubgraphs,
  searchAssistants,
} from "./assistants.js";
import { notSpoken } from "./http/http-error.js";
import type { Call } from "./call.js";
import {
  cancelRun,
  createRun,
  getRun,
  joinRun,
  joinStream,
  listRuns,
  removeRun,
  streamRun,
  waitRun,
} from "./runs/handlers.js";
import { json } from "./http/json.js";
import { deleteItem, getItem, listNamespaces, putItem, searchItems } from "./store.js";
import { copyThread, createThread, deleteThread, getThread, patchThread } from "./threads/handlers.js";
import { countThreads, searchThreads } from "./threads/search.js";
import { getHistory, getState, getStateAt, searchHistory, updateState } from "./threads/state.js";

export interface Route {
  method: string;
  /** `:name` stands for one part of a path. */
  pattern: string;
  /**
   * `thread`: the thread of the path has to be there, and the caller's. `own`: the handler looks at that itself, since
   * it may add the thread.
   */
  needs?: "thread" | "own";
  handle(call: Call): Promise<Response> | Response;
}

const nothing = (what: string) => (): never => {
  throw notSpoken(what);
};

const info = (): Response =>
  json({
    version: "1.0.0",
    flags: { assistants: true, crons: false, langsmith: false },
    host: { kind: "self-hosted" },
  });

/** All that the server answers. The first that fits counts. */
export const ROUTES: readonly Route[] = [
  { method: "GET", pattern: "/ok", handle: () => json({ ok: true }) },
  { method: "GET", pattern: "/info", handle: info },

  { method: "POST", pattern: "/assistants/search", handle: searchAssistants },
  { method: "POST", pattern: "/assistants/count", handle: countAssistants },
  { method: "POST", pattern: "/assistants", handle: nothing("assistants but its graphs") },
  { method: "GET", pattern: "/assistants/:assistant_id", handle: getAssistant },
  { method: "PATCH", pattern: "/assistants/:assistant_id", handle: nothing("assistants but its graphs") },
  { method: "DELETE", pattern: "/assistants/:assistant_id", handle: nothing("assistants but its graphs") },
  { method: "GET", pattern: "/assistants/:assistant_id/graph", handle: getAssistantGraph },
  { method: "GET", pattern: "/assistants/:assistant_id/schemas", handle: getSchemas },
  { method: "GET", pattern: "/assistants/:assistant_id/subgraphs", handle: getSubgraphs },
  { method: "GET", pattern: "/assistants/:assistant_id/subgraphs/:namespace", handle: getSubgraphs },

  { method: "POST", pattern: "/threads", handle: createThread },
  { method: "POST", pattern: "/threads/search", handle: searchThreads },
  { method: "POST", pattern: "/threads/count", handle: countThreads },
  { method: "GET", pattern: "/threads/:thread_id", needs: "thread", handle: getThread },
  { method: "PATCH", pattern: "/threads/:thread_id", needs: "thread", handle: patchThread },
  { method: "DELETE", pattern: "/threads/:thread_id", needs: "own", handle: deleteThread },
  { method: "POST", pattern: "/threads/:thread_id/copy", needs: "thread", handle: copyThread },

  { method: "GET", pattern: "/threads/:thread_id/state", needs: "thread", handle: getState },
  { method: "POST", pattern: "/threads/:thread_id/state", needs: "thread", handle: updateState },
  { method: "POST", pattern: "/threads/:thread_id/state/checkpoint", needs: "thread", handle: getStateAt },
  { method: "GET", pattern: "/threads/:thread_id/state/:checkpoint_id", needs: "thread", handle: getState },
  { method: "GET", pattern: "/threads/:thread_id/history", needs: "thread", handle: getHistory },
  { method: "POST", pattern: "/threads/:thread_id/history", needs: "thread", handle: searchHistory },

  { method: "POST", pattern: "/threads/:thread_id/runs", needs: "own", handle: createRun },
  { method: "POST", pattern: "/threads/:thread_id/runs/stream", needs: "own", handle: streamRun },
  { method: "POST", pattern: "/threads/:thread_id/runs/wait", needs: "own", handle: waitRun },
  { method: "POST", pattern: "/threads/:thread_id/runs/crons", handle: nothing("crons") },
  { method: "GET", pattern: "/threads/:thread_id/runs", needs: "thread", handle: listRuns },
  { method: "GET", pattern: "/threads/:thread_id/runs/:run_id", needs: "thread", handle: getRun },
  { method: "DELETE", pattern: "/threads/:thread_id/runs/:run_id", needs: "thread", handle: removeRun },
  { method: "GET", pattern: "/threads/:thread_id/runs/:run_id/join", needs: "thread", handle: joinRun },
  { method: "GET", pattern: "/threads/:thread_id/runs/:run_id/stream", needs: "thread", handle: joinStream },
  { method: "POST", pattern: "/threads/:thread_id/runs/:run_id/cancel", needs: "thread", handle: cancelRun },

  { method: "POST", pattern: "/runs", handle: createRun },
  { method: "POST", pattern: "/runs/stream", handle: streamRun },
  { method: "POST", pattern: "/runs/wait", handle: waitRun },
  { method: "POST", pattern: "/runs/batch", handle: nothing("batches of runs") },
  { method: "POST", pattern: "/runs/crons", handle: nothing("crons") },
  { method: "POST", pattern: "/runs/crons/search", handle: nothing("crons") },

  { method: "PUT", pattern: "/store/items", handle: putItem },
  { method: "GET", pattern: "/store/items", handle: getItem },
  { method: "DELETE", pattern: "/store/items", handle: deleteItem },
  { method: "POST", pattern: "/store/items/search", handle: searchItems },
  { method: "POST", pattern: "/store/namespaces", handle: listNamespaces },
];

/** The route of a request, and what its path says; `undefined` where there is none. */
export function routeOf(method: string, pathname: string): { route: Route; path: Record<string, string> } | undefined {
  const parts = pathname.split("/");
  for (const route of ROUTES) {
    if (route.method !== method) continue;
    const path = match(route.pattern.split("/"), parts);
    if (path) return { route, path };
  }
  return undefined;
}

function match(pattern: string[], parts: string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const path: Record<string, string> = {};
  for (const [i, part] of pattern.entries()) {
    const given = parts[i]!;
    if (!part.startsWith(":")) {
      if (part !== given) return undefined;
      continue;
    }
    const value = decoded(given);
    if (!value) return undefined;
    path[part.slice(1)] = value;
  }
  return path;
}

export const isReadable = (pathname: string): boolean => decoded(pathname) !== undefined;

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
