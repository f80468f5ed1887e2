import { AIMessageChunk, ToolMessage, type BaseMessage } from "@langchain/core/messages";
import { z } from "zod";
import { Model, type ModelOptions } from "./model.js";

/** How much shorter the pause before a word is than that before an answer. */
const WORDS_A_PAUSE = 20;

/**
 * Stands in for a language model: a few rules, no network, the same answer every time. It works in steps, as a
 * real one does: for a refund it first looks the order up, then asks for the refund, then reports. An answer comes
 * word by word.
 */
export class RuleModel extends Model {
  readonly #pauseMs: number;

  /** @param options `pauseMs`: how long it seems to think: the rules answer at once, and people want to see steps */
  constructor({ pauseMs = 0 }: { pauseMs?: number } = {}) {
    super({});
    this.#pauseMs = pauseMs;
  }

  _llmType(): string {
    return "rules";
  }

  protected async *answer(messages: BaseMessage[], { memories = [] }: ModelOptions): AsyncGenerator<AIMessageChunk> {
    await this.#pause(this.#pauseMs);
    const answer = answerTo(messages, memories);
    const pieces = typeof answer === "string" ? answer.split(/(?<= )/) : [answer];
    for (const piece of pieces) {
      yield new AIMessageChunk(piece);
      await this.#pause(this.#pauseMs / WORDS_A_PAUSE);
    }
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

type ToolRequest = Pick<AIMessageChunk, "content" | "tool_call_chunks">;

/** What is said, or asked of a tool. */
function answerTo(messages: BaseMessage[], memories: string[]): string | ToolRequest {
  const question = messages.findLast((message) => message.type === "human")?.text ?? "";
  const last = messages.at(-1);
  // Ids of tool calls must be new within a thread, and the same each time a checkpoint is replayed.
  const ask = (name: string, args: Record<string, unknown>): ToolRequest => ({
    content: "",
    tool_call_chunks: [
      { id: `call_${messages.length}`, index: 0, name, args: JSON.stringify(args), type: "tool_call_chunk" },
    ],
  });

  if (last && ToolMessage.isInstance(last)) {
    const result = resultOf(last);
    if (result.error !== undefined) return `That did not work: ${result.error}`;
    if (result.approved === false) return declined(result.reason);
    if (last.name === "remember") return `I will remember it: ${result.remembered}.`;
    if (last.name === "calculate") return `That makes ${result.result}.`;
    if (last.name === "search_document") return finding(result);
    if (last.name === "refund_order")
      return `Done: ${euros(result.refunded)} for order ${result.order_id} are on their way back.`;
    if (/refund|money back/i.test(question))
      return ask("refund_order", { order_id: result.order_id, amount: result.total });
    return `Order ${result.order_id}, ${result.item}, is ${result.status}. It cost ${euros(result.total)}.`;
  }

  const fact = factIn(question);
  if (fact) return ask("remember", { text: fact });
  if (/know about me/i.test(question)) return knowledge(memories);

  const wanted = /\bfind "?([^\s"]+)"? in (?:the|my) (?:document|file|log)\b/i.exec(question);
  if (wanted) return ask("search_document", { text: wanted[1] });

  const sum = /(?<!\d)(-?\d+(?:\.\d+)?)\s*([-+*/])\s*(-?\d+(?:\.\d+)?)/.exec(question);
  if (sum) return ask("calculate", { left: Number(sum[1]), operator: sum[2], right: Number(sum[3]) });

  const order =
    orderNumber(question) ?? (/refund|money back|order/i.test(question) ? lastOrderNumber(messages) : undefined);
  if (order) return ask("lookup_order", { order_id: order });

  return (
    "I can look up an order (try 1041, 1042 or 1043), refund it, do a sum, find a word in the document you " +
    "upload, or remember something about you. What do you need?"
  );
}

/**
 * What comes after "remember that", up to the end of its line and without the signs there. Each step looks at each
 * character once: the text is a stranger's.
 */
function factIn(text: string): string | undefined {
  const start = /\bremember that /i.exec(text);
  if (!start) return undefined;
  const [line = ""] = text.slice(start.index + start[0].length).split("\n", 1);
  let end = line.length;
  while (end > 0 && ".!".includes(line.charAt(end - 1))) end--;
  return line.slice(0, end) || undefined;
}

const knowledge = (memories: string[]): string =>
  memories.length > 0
    ? `I know this: ${memories.join("; ")}.`
    : "I know nothing about you yet. Tell me with: Remember that …";

const orderNumber = (text: string) => /\b(\d{4,})\b/.exec(text)?.[1];

/** "Please refund it" means the order that was spoken of last, which only a thread with a memory knows. */
const lastOrderNumber = (messages: BaseMessage[]) =>
  messages
    .filter((message) => message.type === "human")
    .map((message) => orderNumber(message.text))
    .findLast((number) => number !== undefined);

/** What the tools of this agent answer, and what a person does. */
const Result = z
  .object({
    error: z.string(),
    approved: z.boolean(),
    reason: z.string(),
    result: z.number(),
    order_id: z.string(),
    item: z.string(),
    status: z.string(),
    total: z.number(),
    refunded: z.number(),
    document: z.string(),
    found: z.number(),
    remembered: z.string(),
    lines: z.array(z.object({ line: z.number(), text: z.string() })),
  })
  .partial();

function resultOf(message: ToolMessage): z.infer<typeof Result> {
  try {
    return Result.parse(JSON.parse(message.text));
  } catch {
    // A message that was put into the state from outside need not be one of ours.
    return { error: message.text };
  }
}

function finding({ document, found = 0, lines: [first] = [] }: z.infer<typeof Result>): string {
  if (!first) return `There is nothing of that in ${document}.`;
  const others = found > 1 ? ` and ${found - 1} more` : "";
  return `Line ${first.line}${others} of ${document}: ${first.text}`;
}

const euros = (amount = 0) => `€${amount.toFixed(2)}`;

const declined = (reason?: string) => `I have not refunded it: a colleague declined${reason ? ` (${reason})` : ""}.`;
