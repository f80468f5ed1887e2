import { z } from "zod";
import { tools } from "./tools.js";

/*
 * LangGraph's API lets whoever may call it write any state, in the name of any node. This agent spends money, so here a
 * caller says something, uploads a document and answers questions. What was approved and what was paid, the graph alone
 * writes. An agent that spends nothing needs none of this.
 */

/** Neither words of the system, nor what a tool is said to have answered. */
const speaker = z.enum(["human", "user", "ai", "assistant"]);
const message = z
  .looseObject({ type: speaker.optional(), role: speaker.optional(), lc: z.undefined().optional() })
  .refine(({ type, role }) => type !== undefined || role !== undefined);
const values = z
  .strictObject({
    messages: z.array(message).optional(),
    document: z.strictObject({ name: z.string().max(200), text: z.string() }).optional(),
  })
  .nullish();

/** Not in the name of `approval`, after which the graph spends money, nor of whichever node came last. */
const StateWrite = z.looseObject({ values, as_node: z.enum(["__start__", "agent"]) });
const ThreadWrite = z.looseObject({ supersteps: z.array(z.never()).nullish() });
const RunWrite = z.looseObject({
  input: values,
  command: z.strictObject({ resume: z.unknown() }).nullish(),
  checkpoint_id: z.string().nullish(),
  checkpoint: z.looseObject({ checkpoint_id: z.string().nullish() }).nullish(),
});

const refusal = (why: string): Response =>
  new Response(
    `${why}. A caller of this agent writes messages of people and of the agent, and a document, in the name of ` +
      '"__start__" or "agent", and answers questions.',
    { status: 403 },
  );

/**
 * Refuses a request that writes what is the graph's own.
 *
 * @param ask asks this Worker in the caller's name
 */
export async function refuseWrites(
  request: Request,
  maxBytes: number,
  ask: (request: Request) => Promise<Response>,
): Promise<Response | undefined> {
  if (request.method !== "POST") return undefined;
  const url = new URL(request.url);
  const [, thread] = /^\/threads\/([^/]+)\//.exec(url.pathname) ?? [];
  const schema = /\/runs(\/|$)/.test(url.pathname)
    ? RunWrite
    : thread === undefined
      ? ThreadWrite
      : url.pathname.endsWith("/state")
        ? StateWrite
        : undefined;
  if (!schema) return undefined;
  const body = await bodyOf(request, maxBytes);
  // What is too long, no JSON or no object, the server refuses.
  if (!z.looseObject({}).safeParse(body).success) return undefined;
  const parsed = schema.safeParse(body);
  if (!parsed.success) return refusal(z.prettifyError(parsed.error).replace(/\s+/g, " "));
  if (schema !== RunWrite) return undefined;
  const { checkpoint_id, checkpoint } = parsed.data as z.infer<typeof RunWrite>;
  const id = checkpoint_id ?? checkpoint?.checkpoint_id;
  if (thread === undefined || !id) return undefined;

  const at = new URL(`/threads/${thread}/state/${encodeURIComponent(id)}`, url);
  const answer = await ask(new Request(at, { headers: request.headers }));
  // What a person has approved is done once: another branch that begins behind the approval would do it again.
  const state = Waiting.safeParse(answer.ok ? await answer.json() : undefined);
  return state.success && spends(state.data)
    ? new Response("A person has approved this step, once. Begin at the checkpoint before it.", { status: 409 })
    : undefined;
}

/** What is looked at of a checkpoint. */
const Waiting = z.object({
  next: z.array(z.string()),
  values: z.object({
    messages: z.array(z.object({ type: z.string(), tool_calls: z.array(z.object({ name: z.string() })).optional() })),
  }),
});

function spends({ next, values: { messages } }: z.infer<typeof Waiting>): boolean {
  const calls = messages.findLast(({ type }) => type === "ai")?.tool_calls ?? [];
  return next.includes("tools") && calls.some((call) => tools.find(({ name }) => name === call.name)?.needsApproval);
}

async function bodyOf(request: Request, maxBytes: number): Promise<unknown> {
  let length = 0;
  const limited = request.clone().body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        length += bytes.length;
        if (length > maxBytes) controller.terminate();
        else controller.enqueue(bytes);
      },
    }),
  );
  try {
    return await new Response(limited).json();
  } catch {
    return undefined;
  }
}
