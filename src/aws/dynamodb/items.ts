/* What DynamoDB's operations take and give. */

/** DynamoDB's wire form of the attribute types used here. `B` is base64. */
export type AttributeValue = { S: string } | { N: string } | { B: string };
export interface Key {
  PK: { S: string };
  SK: { S: string };
}
export type Item = Key & Record<string, AttributeValue>;

export interface QueryInput {
  partition: string;
  /** Inclusive bounds of the sort key. */
  between?: [from: string, to: string];
  beginsWith?: string;
  descending?: boolean;
  limit?: number;
  /** Only these attributes. */
  only?: string[];
  consistent?: boolean;
  after?: Key | undefined;
}

export interface Page {
  items: Item[];
  /** Where the next page starts; `undefined` on the last. */
  next: Key | undefined;
}

export interface Condition {
  condition?: string;
  names?: Record<string, string>;
  values?: Record<string, AttributeValue>;
}

export interface UpdateInput extends Condition {
  key: Key;
  update: string;
}

export type TableState = { status: string; keys: { name: string; role: "HASH" | "RANGE"; type: string }[] };
