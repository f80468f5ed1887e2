import { HumanMessage } from "@langchain/core/messages";
import { Command, START, type StateSnapshot } from "@langchain/langgraph/web";
import { needsApproval } from "./agent.js";
import { threadId, type AppContext } from "./context.js";
import { HttpError } from "./http-error.js";
import { bodies, queries, readBody, readQuery, readText } from "./requests.js";
import { streamRun, type RunConfig, type RunInput } from "./runs.js";
import type { AgentValues } from "./state.js";
import { checkpointView, documentView, interruptsOf } from "./views.js";

/** `POST /threads/:id/runs` */
export async function run(c: AppContext): Promise<Response> {
  const { message } = await readBody(c.req, bodies.run);
  const thread = await c.var.agent.getState(configOf(threadId(c)));
  if (interruptsOf(thread).length > 0) {
    throw new HttpError(
      409,
      "WAITING_FOR_APPROVAL",
      'This thread waits for a person. Answer with POST /threads/:id/resume and {"approve": true} or ' +
        '{"approve": false}.',
    );
  }
  if (message !== null) return start(c, { messages: [new HumanMessage(message)] }, configOf(threadId(c)));

  found(thread);
  if (thread.next.length === 0) {
    throw new HttpError(
      409,
      "NOTHING_TO_CONTINUE",
      'The last run of this thread has ended. Send {"message": "…"} for a new one.',
    );
  }
  return start(c, null, configOf(threadId(c)));
}

/**
 * `POST /threads/:id/resume`
 *
 * Of answers that come at once, one counts: each is stored as a checkpoint before the tools begin, and of two
 * checkpoints after one question the second is refused with `CONFLICT`. Not promised is that a tool runs once: a run
 * that broke off within the tools does them again when somebody goes on with it (`POST /threads/:id/runs` and
 * `{"message": null}`), and so does who goes on with one that has not broken off. Where money is paid, give the payment
 * the id of the tool call, by which it is done once.
 */
export async function resume(c: AppContext): Promise<Response> {
  const { interrupt_id, ...decision } = await readBody(c.req, bodies.resume);
  const thread = found(await c.var.agent.getState(configOf(threadId(c))));
  const open = interruptsOf(thread);
  if (open.length === 0) {
    throw new HttpError(
      409,
      "NOTHING_TO_RESUME",
      "This thread does not wait for an answer. Send a message with POST /threads/:id/runs.",
    );
  }
  if (interrupt_id !== undefined && !open.some(({ id }) => id === interrupt_id)) {
    throw new HttpError(
      409,
      "NOTHING_TO_RESUME",
      "This thread waits for the answer to another question by now. GET /threads/:id/state says which.",
    );
  }
  const answer = interrupt_id === undefined ? decision : { [interrupt_id]: decision };
  return start(c, new Command({ resume: answer }), configOf(threadId(c)), c.var.onlyAgent);
}

/** `POST /threads/:id/fork`: time travel. What came after the checkpoint stays in the history as another branch. */
export async function fork(c: AppContext): Promise<Response> {
  const { checkpoint_id, message, values, as_node } = await readBody(c.req, bodies.fork);
  if (as_node && !values) {
    throw new HttpError(
      400,
      "BAD_REQUEST",
      "as_node says where values come from. Send values with it, or leave it out.",
    );
  }
  const config = configOf(threadId(c), checkpoint_id);
  const checkpoint = unspent(found(await c.var.agent.getState(config), checkpoint_id));
  if (checkpoint.next.length === 0 && message === undefined && !values) {
    throw new HttpError(
      409,
      "NOTHING_TO_RUN",
      "At this checkpoint the agent had finished. Send a message or values with it, or fork from an earlier one.",
    );
  }
  const from = values ? await c.var.agent.updateState(config, values, as_node ?? START) : config;
  const input = message === undefined ? null : { messages: [new HumanMessage(message)] };
  return start(c, input, configOf(threadId(c), checkpointIdOf(from)));
}

/** `GET /threads/:id/state` */
export async function getState(c: AppContext): Promise<Response> {
  const { checkpoint_id } = readQuery(c.req.query(), queries.state);
  const snapshot = found(await c.var.agent.getState(configOf(threadId(c), checkpoint_id)), checkpoint_id);
  return c.json({ thread_id: threadId(c), ...checkpointView(snapshot) });
}

/** `POST /threads/:id/state` */
export async function updateState(c: AppContext): Promise<Response> {
  const { checkpoint_id, values, as_node } = await readBody(c.req, bodies.updateState);
  const config = configOf(threadId(c), checkpoint_id);
  unspent(found(await c.var.agent.getState(config), checkpoint_id));
  const updated = await c.var.agent.updateState(config, values, as_node ?? START);
  return c.json({ thread_id: threadId(c), checkpoint_id: checkpointIdOf(updated) });
}

/** `PUT /threads/:id/document` */
export async function putDocument(c: AppContext): Promise<Response> {
  const { name } = readQuery(c.req.query(), queries.document);
  const document = { name, text: await readText(c.req) };
  const config = configOf(threadId(c));
  if ((await c.var.agent.getState(config)).next.length > 0) {
    throw new HttpError(
      409,
      "RUN_NOT_ENDED",
      "This thread is in the middle of a run. End it with POST /threads/:id/resume, or POST /threads/:id/runs " +
        'and {"message": null}.',
    );
  }
  // As if the agent had said it last: nothing follows from it.
  const updated = await c.var.agent.updateState(config, { document }, "agent");
  return c.json({ thread_id: threadId(c), checkpoint_id: checkpointIdOf(updated), document: documentView(document) });
}

/** `GET /threads/:id/document` */
export async function getDocument(c: AppContext): Promise<Response> {
  const { document } = found(await c.var.agent.getState(configOf(threadId(c)))).values as AgentValues;
  if (!document)
    throw new HttpError(404, "NO_DOCUMENT", "This thread has no document. Upload one with PUT /threads/:id/document.");
  return c.text(document.text);
}

/** `GET /threads/:id/history`, newest first */
export async function getHistory(c: AppContext): Promise<Response> {
  const { limit, before } = readQuery(c.req.query(), queries.history);
  const checkpoints = [];
  const options = { limit, ...(before !== undefined && { before: configOf(threadId(c), before) }) };
  for await (const snapshot of c.var.agent.getStateHistory(configOf(threadId(c)), options)) {
    checkpoints.push(checkpointView(snapshot));
  }
  if (checkpoints.length === 0 && before === undefined) throw unknownThread();
  const next = checkpoints.length === limit ? checkpoints.at(-1)?.checkpoint_id : undefined;
  return c.json({ thread_id: threadId(c), checkpoints, next_before: next ?? null });
}

/** `GET /threads`, by thread id */
export async function listThreads(c: AppContext): Promise<Response> {
  const { limit, after } = readQuery(c.req.query(), queries.threads);
  const threads = [];
  for await (const thread of c.var.checkpointer.listThreads({ limit, ...(after !== undefined && { after }) })) {
    threads.push({ thread_id: thread.threadId, created_at: thread.createdAt });
  }
  const next = threads.length === limit ? threads.at(-1)?.thread_id : undefined;
  return c.json({ threads, next_after: next ?? null });
}

/** `DELETE /threads/:id`; deleting what is not there is fine, so a client may simply try again */
export async function deleteThread(c: AppContext): Promise<Response> {
  await c.var.checkpointer.deleteThread(threadId(c));
  return c.body(null, 204);
}

function start(c: AppContext, input: RunInput, config: RunConfig, agent = c.var.agent): Response {
  const { response, done } = streamRun(agent, input, config, c.var.usage);
  // A client that hangs up does not stop the run: its result is in the thread when the client comes back.
  c.executionCtx.waitUntil(done);
  return response;
}

const configOf = (thread_id: string, checkpoint_id?: string): RunConfig => ({
  configurable: { thread_id, ...(checkpoint_id !== undefined && { checkpoint_id }) },
});

const checkpointIdOf = (config: { configurable?: Record<string, unknown> }) =>
  config.configurable?.["checkpoint_id"] as string;

const unknownThread = () =>
  new HttpError(
    404,
    "THREAD_NOT_FOUND",
    "There is no such thread. Start it with POST /threads/:id/runs; GET /threads lists those there are.",
  );

/** What a person has approved is done once: another branch that begins behind the approval would do it again. */
function unspent(snapshot: StateSnapshot): StateSnapshot {
  if (!(snapshot.next.includes("tools") && needsApproval(snapshot.values as AgentValues))) return snapshot;
  throw new HttpError(
    409,
    "APPROVAL_SPENT",
    "A person has approved this step, once. Fork from the checkpoint before it, where the agent asked.",
  );
}

/** LangGraph answers an unknown thread or checkpoint with an empty snapshot; only a stored one has a date. */
function found(snapshot: StateSnapshot, checkpointId?: string): StateSnapshot {
  if (snapshot.createdAt !== undefined) return snapshot;
  if (checkpointId === undefined) throw unknownThread();
  throw new HttpError(
    404,
    "CHECKPOINT_NOT_FOUND",
    "This thread has no such checkpoint. GET /threads/:id/history lists those it has.",
  );
}
