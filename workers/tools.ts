import { z } from "zod";
import type { AgentValues, Refund } from "./state.js";

/** What a tool call came to. `refund` is merged into the state beside the message. */
export interface ToolOutcome {
  content: Record<string, unknown>;
  refund?: Refund;
  /** What is to be remembered about the user, in this thread and in others. */
  memory?: string;
  failed?: boolean;
}

/** A function that the model may ask for. */
export interface AgentTool {
  name: string;
  description: string;
  parameters: z.ZodType;
  /** A person must agree before each call. */
  needsApproval: boolean;
  /** `args` come from a model, so they are checked; what does not fit is told to the model, not thrown. */
  call(args: unknown, state: AgentValues): ToolOutcome;
}

const ORDERS: Record<string, { item: string; status: string; total: number }> = {
  "1041": { item: "rain jacket", status: "delivered", total: 89 },
  "1042": { item: "trail running shoes", status: "delivered", total: 129.9 },
  "1043": { item: "espresso grinder", status: "in transit", total: 240 },
};

const failure = (error: string): ToolOutcome => ({ content: { error }, failed: true });

function defineTool<Schema extends z.ZodType>(definition: {
  name: string;
  description: string;
  parameters: Schema;
  needsApproval?: boolean;
  run: (args: z.infer<Schema>, state: AgentValues) => ToolOutcome;
}): AgentTool {
  const { name, description, parameters, needsApproval = false, run } = definition;
  return {
    name,
    description,
    parameters,
    needsApproval,
    call(args, state) {
      const parsed = parameters.safeParse(args);
      return parsed.success ? run(parsed.data, state) : failure(`Wrong arguments. ${z.prettifyError(parsed.error)}`);
    },
  };
}

const lookupOrder = defineTool({
  name: "lookup_order",
  description: "Look up an order: what it was, whether it has arrived, what it cost in euros.",
  parameters: z.object({ order_id: z.string() }),
  run({ order_id }) {
    const order = Object.hasOwn(ORDERS, order_id) ? ORDERS[order_id] : undefined;
    return order ? { content: { order_id, ...order } } : failure(`There is no order ${order_id}.`);
  },
});

const calculate = defineTool({
  name: "calculate",
  description: "Add, subtract, multiply or divide two numbers.",
  parameters: z.object({ left: z.number(), operator: z.enum(["+", "-", "*", "/"]), right: z.number() }),
  run({ left, operator, right }) {
    if (operator === "/" && right === 0) return failure("Nothing can be divided by zero.");
    const result = { "+": left + right, "-": left - right, "*": left * right, "/": left / right }[operator];
    return { content: { result } };
  },
});

const refundOrder = defineTool({
  name: "refund_order",
  description: "Send a customer's money back, in euros. A person approves every refund first.",
  parameters: z.object({ order_id: z.string(), amount: z.number().positive() }),
  needsApproval: true,
  run({ order_id, amount }, state) {
    const order = Object.hasOwn(ORDERS, order_id) ? ORDERS[order_id] : undefined;
    if (!order) return failure(`There is no order ${order_id}.`);
    const refunded = state.refunds.filter((refund) => refund.order_id === order_id);
    const left = refunded.reduce((rest, refund) => rest - refund.amount, order.total);
    if (amount > left) return failure(`Only ${left.toFixed(2)} euros of order ${order_id} are left to refund.`);
    return { content: { refunded: amount, order_id }, refund: { order_id, amount } };
  },
});

/** A model's context is smaller than a document, so it sees the lines it asks for. */
const searchDocument = defineTool({
  name: "search_document",
  description:
    "Find the lines of the customer's uploaded document that hold a text. Gives their number, and the first five.",
  parameters: z.object({ text: z.string().min(1) }),
  run({ text }, { document }) {
    if (!document) return failure("No document has been uploaded to this conversation.");
    const found = document.text
      .split("\n")
      .flatMap((line, index) => (line.includes(text) ? [{ line: index + 1, text: line.slice(0, 200) }] : []));
    return { content: { document: document.name, found: found.length, lines: found.slice(0, 5) } };
  },
});

const remember = defineTool({
  name: "remember",
  description:
    "Remember something about the customer for later conversations, such as a size or a preference. One short " +
    "sentence.",
  parameters: z.object({ text: z.string().min(1).max(1_000) }),
  run: ({ text }) => ({ content: { remembered: text }, memory: text }),
});

export const tools: readonly AgentTool[] = [lookupOrder, calculate, refundOrder, searchDocument, remember];
