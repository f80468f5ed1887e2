import { endpoint } from "../savers/harness.js";

/** The same port under another name of this machine. */
export const named = (host: string, url: string): string => `http://${host}:${new URL(url).port}`;

export const dynamodbLocal = (): string => named("dynamodb-local", endpoint());
