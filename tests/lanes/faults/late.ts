import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import type { AwsRequest } from "../stored/aws-requests.js";
import type { SaverOptions } from "../savers/harness.js";
import { saverAt } from "../savers/s3-saver.js";

/**
 * A saver whose first request of one kind is late: its caller hears of a failure, and it is sent when `arrive` is
 * called.
 */
export function late(
  options: Pick<SaverOptions, "ttlSeconds"> & { keyPrefix: string },
  operation: string,
  isIt: (request: AwsRequest) => boolean,
): { saver: DynamoDBSaver; arrive: () => Promise<Response> } {
  let first: AwsRequest | undefined;
  const { saver } = saverAt(
    { keyPrefix: options.keyPrefix },
    (request) => {
      if (first || request.operation !== operation || !isIt(request)) return undefined;
      first = request;
      throw new TypeError("the connection was reset");
    },
    options,
  );
  return { saver, arrive: () => first!.forward() };
}
