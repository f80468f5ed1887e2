import type {
  AwsRequestError,
  DynamoDBSaver,
  DynamoDBSaverEvent,
  DynamoDBSaverOptions,
} from "langgraph-checkpoint-dynamodb";
import { intercepted, type AwsRequest, type Intercept } from "../stored/aws-requests.js";
import { createSaver } from "../savers/harness.js";

/** What a request meets on its way: an answer in the service's place, a failure, or (`undefined`) nothing. */
export type Fault = Intercept;
export type SentRequest = AwsRequest;
export { intercepted as faultyFetch };

const none: Fault = () => undefined;

/** A saver in front of the real DynamoDB, with what it sent and what it told `onEvent`. */
export interface ObservedSaver {
  saver: DynamoDBSaver;
  sent: SentRequest[];
  events: DynamoDBSaverEvent[];
}

export function observedSaver(fault: Fault = none, options: Partial<DynamoDBSaverOptions> = {}): ObservedSaver {
  const { fetch, sent } = intercepted(fault);
  const events: DynamoDBSaverEvent[] = [];
  return { saver: createSaver({ fetch, onEvent: (event) => events.push(event), ...options }), sent, events };
}

/** Only the first `count` requests meet this fault. */
export function first(count: number, fault: Fault, then: Fault = none): Fault {
  return (request) => (request.number <= count ? fault(request) : then(request));
}

/** What DynamoDB answers to a Query that finds nothing. */
export const nothingFound: Fault = () => Response.json({ Items: [], Count: 0, ScannedCount: 0 });

/** An error as DynamoDB answers it. */
export function awsError(
  serviceCode: string,
  {
    status = 400,
    message = "Told by the test.",
    headers = {},
  }: { status?: number; message?: string; headers?: Record<string, string> } = {},
): Response {
  const body = JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${serviceCode}`, message });
  return new Response(body, { status, headers: { "content-type": "application/x-amz-json-1.0", ...headers } });
}

/** DynamoDB takes the request and never answers. */
export const hang: Fault = ({ signal }) =>
  new Promise((_, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });

/** The cheapest call that sends one request. */
export async function readNothing(saver: DynamoDBSaver, threadId = "no-such-thread"): Promise<undefined> {
  const tuple = await saver.getTuple({ configurable: { thread_id: threadId } });
  if (tuple) throw new Error("That thread should have had no checkpoint.");
}

/** The error a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<AwsRequestError> {
  return call.then(
    () => Promise.reject(new Error("The call should have failed.")),
    (error: unknown) => error as AwsRequestError,
  );
}
