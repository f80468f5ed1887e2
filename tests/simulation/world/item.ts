/** As in DynamoDB's JSON: its type, and what it is. */
export type Value = Record<string, unknown>;
export type Item = Record<string, Value>;
