import type { DynamoDBSaverEvent } from "langgraph-checkpoint-dynamodb";

/** What one operation of DynamoDB came to within one request of a client. */
export interface OperationUsage {
  requests: number;
  bytes_sent: number;
  bytes_received: number;
  read_units: number;
  write_units: number;
}

/** Adds up what the saver and the store report through `onEvent`, by operation. */
export class Usage {
  readonly #operations: Record<string, OperationUsage> = {};

  readonly record = (event: DynamoDBSaverEvent): void => {
    if (event.type !== "request") return;
    const usage = (this.#operations[event.operation] ??= {
      requests: 0,
      bytes_sent: 0,
      bytes_received: 0,
      read_units: 0,
      write_units: 0,
    });
    usage.requests += event.attempts;
    usage.bytes_sent += event.bytesSent;
    usage.bytes_received += event.bytesReceived;
    usage.read_units += event.consumedCapacity.readUnits;
    usage.write_units += event.consumedCapacity.writeUnits;
  };

  /** Tells it with an answer: in a header, or, where the answer is a stream, in an event of its own at the end. */
  toldIn(response: Response): Response {
    const operations = this.#operations;
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      const answer = new Response(response.body, response);
      answer.headers.set("x-dynamodb-usage", JSON.stringify(operations));
      return answer;
    }
    const last = new TransformStream<Uint8Array, Uint8Array>({
      flush(controller) {
        controller.enqueue(new TextEncoder().encode(`event: usage\ndata: ${JSON.stringify(operations)}\n\n`));
      },
    });
    return new Response(response.body?.pipeThrough(last), response);
  }
}
