import { START } from "@langchain/langgraph/web";
import { z } from "zod";
import { HttpError } from "./http-error.js";

const text = z.string().min(1).max(16_000);
const checkpointId = z.string().min(1).max(1_000);

const message = z.strictObject({
  role: z.enum(["user", "assistant"]),
  content: z.string().max(16_000),
  /** The id of a message that is already there replaces it. */
  id: z.string().min(1).optional(),
});

/** What of the state a caller may write: not what was paid out, and not what was approved. */
const values = z.strictObject({ messages: z.array(message).optional() });

/**
 * In whose name a caller may write. Not in that of `approval`, after which the graph spends money, nor in that of
 * whichever node came last, which may be that one.
 */
const asNode = z.enum([START, "agent"]);

const limit = z.coerce.number().int().min(1).max(100).default(20);

/** A JSON body: what is accepted, and an example for the list of routes and for error messages. */
interface Body<Schema extends z.ZodType> {
  schema: Schema;
  example: string;
}

const body = <Schema extends z.ZodType>(schema: Schema, example: string): Body<Schema> => ({ schema, example });

/** The body of each POST. Unknown keys are refused: a typing error is told, not ignored. */
export const bodies = {
  run: body(
    z.strictObject({ message: text.nullable() }),
    '{"message": "Where is order 1042?"} or {"message": "Remember that I wear size 43."}',
  ),
  resume: body(
    z.strictObject({
      approve: z.boolean(),
      reason: z.string().max(1_000).optional(),
      /** Of the question that is answered: without it, of whichever is open. */
      interrupt_id: z.string().max(200).optional(),
    }),
    '{"approve": true} or {"approve": false, "reason": "worn"}, and the interrupt_id of the question',
  ),
  updateState: body(
    z.strictObject({ values, as_node: asNode.optional(), checkpoint_id: checkpointId.optional() }),
    '{"values": {"messages": [{"role": "assistant", "content": "Hello"}]}, "as_node": "agent"}',
  ),
  fork: body(
    z.strictObject({
      checkpoint_id: checkpointId,
      message: text.optional(),
      values: values.optional(),
      as_node: asNode.optional(),
    }),
    '{"checkpoint_id": "…"} or {"checkpoint_id": "…", "message": "Rather look up 1043"}',
  ),
};

/** The query string of each GET that has one. */
export const queries = {
  state: z.object({ checkpoint_id: checkpointId.optional() }),
  history: z.object({ limit, before: checkpointId.optional() }),
  document: z.object({ name: z.string().min(1).max(200).default("document.txt") }),
  threads: z.object({ limit, after: z.string().min(1).optional() }),
};

/**
 * Reads a JSON body, if it says that it is one: a form of another site cannot, without asking the Worker first (CORS).
 */
export async function readBody<Schema extends z.ZodType>(
  request: { text(): Promise<string>; header(name: string): string | undefined },
  { schema, example }: Body<Schema>,
): Promise<z.infer<Schema>> {
  if (!/^application\/json *(;|$)/i.test(request.header("content-type") ?? "")) {
    throw new HttpError(
      415,
      "NOT_JSON",
      `Send it with the header content-type: application/json, as curl --json does: ${example}.`,
    );
  }
  const text = await request.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    const what = text.trim() === "" ? "The body is empty" : "The body is not JSON";
    throw new HttpError(400, "BAD_JSON", `${what}. Send ${example}.`);
  }
  return check(schema, json, `Send ${example}.`);
}

/** Reads a body that is text and nothing else, so that `curl -T` can send a file. */
export async function readText(request: { arrayBuffer(): Promise<ArrayBuffer> }): Promise<string> {
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength === 0)
    throw new HttpError(400, "EMPTY_BODY", "The body is empty. Send the text, for example with curl -T notes.txt.");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new HttpError(400, "NOT_TEXT", "The body is not UTF-8. Send plain text.");
  }
}

/** Reads and checks the query string. */
export function readQuery<Schema extends z.ZodType>(query: Record<string, string>, schema: Schema): z.infer<Schema> {
  return check(schema, query, "");
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown, hint: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message,
  );
  throw new HttpError(400, "BAD_REQUEST", `${problems.join("; ")}. ${hint}`.trim());
}
