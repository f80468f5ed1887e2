import type { DynamoDBSaverErrorCode } from "../../errors.js";
import type { AwsClient, AwsRequest } from "../client/client.js";
import type { ConsumedCapacity } from "../client/events.js";
import type { Answer } from "../client/exchange.js";
import { EXPIRED_TOKEN } from "../client/failure.js";
import type { Item } from "./items.js";
import type { TableClock } from "./table-clock.js";

/** What every answer may hold. */
export interface Output {
  ConsumedCapacity?: { CapacityUnits?: number } | { CapacityUnits?: number }[];
}

/** What sends requests. */
export type Sender = Pick<AwsClient, "send">;

export interface ProtocolConfig {
  tableName: string;
  region: string;
  endpoint: string;
  /** Whether to ask what each request used up. */
  countsCapacity: boolean;
  clock: TableClock;
}

/** 100 items of 400 KB, in Base64. DynamoDB itself gives 16 MB. */
const MAX_BATCH_BYTES = 64 * 1_024 * 1_024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** DynamoDB's JSON protocol (2012-08-10) for one table. */
export class DynamoDBProtocol {
  readonly #client: Sender;
  readonly #config: ProtocolConfig;

  constructor(client: Sender, config: ProtocolConfig) {
    this.#client = client;
    this.#config = config;
  }

  /**
   * @param input a function, where each attempt sends another
   * @param required what an answer must have: one without it is garbled, and must not pass for "nothing found"
   * @param refusedBy is given the item for which a condition did not hold, if the request asks for it: no error has it
   */
  call<T extends Output>(
    operation: string,
    input: Record<string, unknown> | (() => Record<string, unknown>),
    required?: keyof T,
    refusedBy?: (item: Item) => void,
  ): Promise<T> {
    const base = {
      ...(!operation.startsWith("Batch") && { TableName: this.#config.tableName }),
      ...(this.#config.countsCapacity && !/Table|TimeToLive/.test(operation) && { ReturnConsumedCapacity: "TOTAL" }),
    };
    const bodyOf = (given: Record<string, unknown>): Uint8Array<ArrayBuffer> =>
      encoder.encode(JSON.stringify({ ...base, ...given }));
    const request: AwsRequest<T> = {
      service: "dynamodb",
      operation,
      method: "POST",
      url: this.#config.endpoint,
      region: this.#config.region,
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `DynamoDB_20120810.${operation}` },
      body: typeof input === "function" ? () => bodyOf(input()) : bodyOf(input),
      ...(operation === "BatchGetItem" && { maxAnswerBytes: MAX_BATCH_BYTES }),
      parse: ({ body, headers }) => {
        this.#config.clock.hear(headers);
        const output = JSON.parse(decoder.decode(body)) as T;
        const part = required === undefined ? output : output?.[required];
        if (!isObject(output) || !isObject(part) || (required === "Items") !== Array.isArray(part))
          throw new SyntaxError("The answer has another shape.");
        return output;
      },
      consumed: (output) => consumed(operation, output),
      named: [400],
      parseError: (answer) => {
        this.#config.clock.hear(answer.headers);
        return parseError(answer, refusedBy);
      },
      explain: (serviceCode, serviceMessage) => this.#explain(operation, serviceCode, serviceMessage),
    };
    return this.#client.send(request);
  }

  #explain(
    operation: string,
    serviceCode: string | undefined,
    serviceMessage: string,
  ): { code: DynamoDBSaverErrorCode; message: string } {
    const table = `table ${JSON.stringify(this.#config.tableName)}`;
    switch (serviceCode) {
      case "ResourceNotFoundException":
        return {
          code: "TABLE_NOT_FOUND",
          message:
            `There is no ${table} in ${this.#config.region}. Call setup() once to create it, or check tableName, ` +
            "region and endpoint.",
        };
      case "AccessDeniedException":
        return {
          code: "ACCESS_DENIED",
          message:
            `These credentials may not do dynamodb:${operation} on ${table}. Allow that action in their ` +
            "IAM policy.",
        };
      case "UnrecognizedClientException":
      case "InvalidClientTokenId":
      case "MissingAuthenticationToken":
      case "MissingAuthenticationTokenException":
      case "IncompleteSignature":
      case "IncompleteSignatureException":
        return {
          code: "ACCESS_DENIED",
          message: "AWS does not know these credentials. Check accessKeyId and sessionToken.",
        };
      case "ExpiredTokenException":
      case "ExpiredToken":
        return EXPIRED_TOKEN;
      case "InvalidSignatureException":
      case "SignatureDoesNotMatch":
        // AWS's own text quotes the signed headers, and with them the session token.
        return {
          code: "ACCESS_DENIED",
          message: "AWS refused the signature. Check secretAccessKey, the region, and this machine's clock.",
        };
      case "ProvisionedThroughputExceededException":
      case "ThrottlingException":
      case "RequestLimitExceeded":
        return { code: "THROTTLED", message: `DynamoDB throttled ${operation} on ${table}. ${SLOW_DOWN}` };
      case "ValidationException":
        return {
          code: "SERVICE_ERROR",
          message: `${operation} on ${table} was refused as not valid: ${serviceMessage}`,
        };
      default:
        // Without AWS's own text, which can quote what was sent.
        return {
          code: "SERVICE_ERROR",
          message: `${operation} on ${table} failed with ${serviceCode ?? serviceMessage}.`,
        };
    }
  }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;

/** What helps against throttling. */
export const SLOW_DOWN = "Raise the table's capacity or spread the load over more threads.";

function parseError(
  answer: Answer,
  refusedBy?: (item: Item) => void,
): { serviceCode: string | undefined; serviceMessage: string } {
  try {
    const body = JSON.parse(decoder.decode(answer.body)) as Record<
      "__type" | "message" | "Message",
      string | undefined
    > & {
      Item?: Item;
    };
    if (body.Item) refusedBy?.(body.Item);
    const text = body.message ?? body.Message ?? "";
    return {
      serviceCode: body.__type?.split("#").pop(),
      // One line of it: enough to act on, too little to carry a stored value.
      serviceMessage: String(text).split("\n", 1)[0]!.slice(0, 300),
    };
  } catch {
    return { serviceCode: undefined, serviceMessage: `HTTP ${answer.status}` };
  }
}

function consumed(operation: string, output: Output): ConsumedCapacity {
  const units = [output.ConsumedCapacity ?? []].flat().reduce((sum, c) => sum + (c.CapacityUnits ?? 0), 0);
  const reads = operation === "Query" || operation === "GetItem" || operation === "BatchGetItem";
  return { readUnits: reads ? units : 0, writeUnits: reads ? 0 : units };
}

/** By placeholders: names such as `ttl` are reserved words. */
export const projection = (attributes: string[]): Record<string, unknown> => ({
  ProjectionExpression: attributes.map((name) => `#${name}`).join(", "),
  ExpressionAttributeNames: Object.fromEntries(attributes.map((name) => [`#${name}`, name])),
});
