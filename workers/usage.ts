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

  toJSON(): Record<string, OperationUsage> {
    return this.#operations;
  }
}
