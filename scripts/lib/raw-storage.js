import { AwsClient } from "aws4fetch";

/**
 * @typedef {Record<string, { S?: string, N?: string, B?: string }>} RawItem
 * @typedef {{ key: string, bytes: number }} RawObject
 */

/** One thread as DynamoDB and S3 themselves see it, past the saver. Thread ids without `#` and `%` only. */
export class RawStorage {
  #options;

  /**
   * @param {object} options
   * @param {{ accessKeyId: string, secretAccessKey: string }} options.credentials
   * @param {{ endpoint: string, tableName: string, keyPrefix?: string }} options.dynamodb
   * @param {{ endpoint: string, bucket: string }} options.s3
   */
  constructor(options) {
    this.#options = options;
  }

  /** @param {string} threadId */
  #partitionOf(threadId) {
    return `${this.#options.dynamodb.keyPrefix ?? ""}T#${threadId}`;
  }

  /**
   * @param {string} threadId
   * @returns {Promise<RawItem[]>} by sort key
   */
  async items(threadId) {
    const { endpoint, tableName } = this.#options.dynamodb;
    const items = [];
    let after;
    do {
      /** @type {{ Items: RawItem[], LastEvaluatedKey?: RawItem }} */
      const page = JSON.parse(
        await this.#fetch("dynamodb", endpoint, {
          method: "POST",
          headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.Query" },
          body: JSON.stringify({
            TableName: tableName,
            KeyConditionExpression: "PK = :pk",
            ExpressionAttributeValues: { ":pk": { S: this.#partitionOf(threadId) } },
            ConsistentRead: true,
            ...(after && { ExclusiveStartKey: after }),
          }),
        }),
      );
      items.push(...page.Items);
      after = page.LastEvaluatedKey;
    } while (after);
    return items;
  }

  /**
   * @param {string} threadId
   * @returns {Promise<RawObject[]>} 1,000 at most
   */
  async objects(threadId) {
    const { endpoint, bucket } = this.#options.s3;
    const folder = Buffer.from(this.#partitionOf(threadId)).toString("base64url");
    const xml = await this.#fetch("s3", `${endpoint}/${bucket}?list-type=2&prefix=${folder}%2F`);
    return Array.from(xml.matchAll(/<Key>([^<]*)<\/Key>.*?<Size>(\d+)</gs), ([, key = "", size]) => ({
      key,
      bytes: Number(size),
    }));
  }

  /**
   * @param {"dynamodb" | "s3"} service
   * @param {string} url
   * @param {RequestInit} [init]
   */
  async #fetch(service, url, init) {
    const client = new AwsClient({ ...this.#options.credentials, region: "us-east-1", service, retries: 0 });
    const response = await client.fetch(url, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${service} answered ${response.status}: ${text}`);
    return text;
  }
}

/** @param {string} [base64] */
export const binaryLength = (base64 = "") => Buffer.byteLength(base64, "base64");

/**
 * An item's size as DynamoDB counts it: names and values, binary without its base64
 * (DynamoDB Developer Guide, "Item sizes and formats").
 *
 * @param {RawItem} item
 */
export function itemBytes(item) {
  return Object.entries(item).reduce(
    (sum, [name, { S, N, B }]) =>
      sum + name.length + (B === undefined ? Buffer.byteLength(S ?? N ?? "") : binaryLength(B)),
    0,
  );
}
