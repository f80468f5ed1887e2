import { Hono, type Handler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { authenticate, secretOf } from "./authenticate.js";
import { withAgent, type App, type AppContext } from "./context.js";
import { HttpError, errorBody, toHttpError } from "./http-error.js";
import { bodies } from "./requests.js";
import { refuseOtherSites, secureHeaders } from "./security.js";
import * as threads from "./threads.js";

const MAX_BODY_BYTES = 64 * 1024;
/** A Worker has 128 MB, and holds a document several times while it is stored. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

interface Route {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  does: string;
  body?: string;
  maxBodyBytes?: number;
  handle: Handler<App>;
}

const routes: Route[] = [
  { method: "GET", path: "/", does: "this list", handle: listRoutes },
  { method: "GET", path: "/threads", does: "the threads; ?limit= and ?after=", handle: threads.listThreads },
  { method: "DELETE", path: "/threads/:id", does: "delete a thread with all it stored", handle: threads.deleteThread },
  {
    method: "POST",
    path: "/threads/:id/runs",
    does: "start a run, or go on with one that broke off (message null); streams server-sent events",
    body: bodies.run.example,
    handle: threads.run,
  },
  {
    method: "POST",
    path: "/threads/:id/resume",
    does: "answer what the agent asked; streams server-sent events",
    body: bodies.resume.example,
    handle: threads.resume,
  },
  {
    method: "POST",
    path: "/threads/:id/fork",
    does: "run again from a checkpoint, perhaps with a message or edited values; streams server-sent events",
    body: bodies.fork.example,
    handle: threads.fork,
  },
  { method: "GET", path: "/threads/:id/state", does: "the state, now or at ?checkpoint_id=", handle: threads.getState },
  {
    method: "POST",
    path: "/threads/:id/state",
    does: "edit the state, now or at a checkpoint_id",
    body: bodies.updateState.example,
    handle: threads.updateState,
  },
  {
    method: "PUT",
    path: "/threads/:id/document",
    does: "upload a text that the agent can search, up to 4 MiB; ?name=",
    body: "the text as it is, for example with curl -T notes.txt",
    maxBodyBytes: MAX_DOCUMENT_BYTES,
    handle: threads.putDocument,
  },
  { method: "GET", path: "/threads/:id/document", does: "the text that was uploaded", handle: threads.getDocument },
  {
    method: "GET",
    path: "/threads/:id/history",
    does: "the checkpoints; ?limit= and ?before=",
    handle: threads.getHistory,
  },
];

const app = new Hono<App>();

app.onError((error) => {
  const answer = toHttpError(error);
  return Response.json(errorBody(answer), { status: answer.status, headers: answer.headers });
});

app.notFound((c) => {
  throw new HttpError(404, "NOT_FOUND", `There is nothing at ${c.req.path}. GET / lists what there is.`);
});

app.use(secureHeaders, refuseMalformedPath, refuseOtherSites);
app.use(async (c, next) => {
  secretOf(c.env);
  await next();
});
app.get("/healthz", (c) => c.json({ status: "ok" }));
// Files without a secret: the page asks for a token, and sends it with each request.
app.get("/page/*", (c) => c.env.ASSETS?.fetch(c.req.raw) ?? c.notFound());
app.use(authenticate);

for (const { method, path, maxBodyBytes = MAX_BODY_BYTES, handle } of routes) {
  if (path.startsWith("/threads")) app.on(method, path, limitBody(maxBodyBytes), withAgent, handle);
  else app.on(method, path, handle);
}

// After all of the above, so that it only sees the methods a path does not have.
for (const path of new Set(routes.map((route) => route.path))) {
  const allow = routes
    .filter((route) => route.path === path)
    .map((route) => route.method)
    .join(", ");
  app.all(path, (c) => {
    throw new HttpError(405, "METHOD_NOT_ALLOWED", `${c.req.method} is not possible here; ${allow} is.`, { allow });
  });
}

export default app;

function limitBody(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new HttpError(413, "BODY_TOO_LARGE", `A body may have ${maxSize} bytes at most.`);
    },
  });
}

function listRoutes(c: AppContext): Response {
  return c.json({
    name: "A LangGraph agent that keeps its state in DynamoDB",
    routes: routes.map(({ method, path, does, body }) => ({ route: `${method} ${path}`, does, ...(body && { body }) })),
  });
}

/** Otherwise `/threads/%` would silently name the thread "%". */
async function refuseMalformedPath(c: AppContext, next: () => Promise<void>): Promise<void> {
  try {
    decodeURIComponent(new URL(c.req.url).pathname);
  } catch {
    throw new HttpError(
      400,
      "BAD_URL",
      "The path is not valid percent-encoding. Encode the thread id with encodeURIComponent.",
    );
  }
  await next();
}
