import type { Message } from "./threads.js";
import { messagesIn } from "./told.js";

/** What a run came to, as far as the server and the model tell. */
export interface Cost {
  requests: number;
  readUnits: number;
  writeUnits: number;
  bytes: number;
  inputTokens: number;
  outputTokens: number;
}

const NOTHING: Cost = { requests: 0, readUnits: 0, writeUnits: 0, bytes: 0, inputTokens: 0, outputTokens: 0 };

/** What an event of a run adds: the last one of this project's Worker tells of DynamoDB, and messages of the model. */
export function costOf(event: string, data: unknown): Cost | undefined {
  if (event === "usage") return sum(Object.values(data ?? {}).map(ofOperation));
  return event === "updates" ? sum(messagesIn(data).map(ofMessage)) : undefined;
}

export const sum = (costs: readonly Cost[]): Cost =>
  costs.reduce<Cost>(
    (total, cost) => ({
      requests: total.requests + cost.requests,
      readUnits: total.readUnits + cost.readUnits,
      writeUnits: total.writeUnits + cost.writeUnits,
      bytes: total.bytes + cost.bytes,
      inputTokens: total.inputTokens + cost.inputTokens,
      outputTokens: total.outputTokens + cost.outputTokens,
    }),
    NOTHING,
  );

function ofMessage(message: Message): Cost {
  const usage = message.type === "ai" ? message.usage_metadata : undefined;
  return { ...NOTHING, inputTokens: usage?.input_tokens ?? 0, outputTokens: usage?.output_tokens ?? 0 };
}

function ofOperation(usage: unknown): Cost {
  const of = (name: string): number => Number((usage as Record<string, unknown> | null)?.[name]) || 0;
  return {
    ...NOTHING,
    requests: of("requests"),
    readUnits: of("read_units"),
    writeUnits: of("write_units"),
    bytes: of("bytes_sent") + of("bytes_received"),
  };
}
