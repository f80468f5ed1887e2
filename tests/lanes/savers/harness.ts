import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { inject } from "vitest";
import { canaries } from "../../../scripts/lib/testing/secrets.js";
import { emissions } from "../run/emissions.js";
import { fetchServers, otherServers } from "../servers/servers.js";

export type SaverOptions = ConstructorParameters<typeof DynamoDBSaver>[0];

let table = "";

/** The table of the test file. Its own, because what looks for leftovers scans all of it. */
export const tableName = (): string => table;

/** From now on, another test file is under way. */
export function useTableOfItsOwn(): void {
  table = `checkpoints-${crypto.randomUUID()}`;
}

/** Where the DynamoDB of this test run listens. In a run whose tests all need none, an address where nobody does. */
export function endpoint(): string {
  return inject("dynamodbEndpoint") ?? "http://127.0.0.1:9";
}

/** The pair that the S3 of this test run knows. DynamoDB Local takes any. */
export const credentials = (): { accessKeyId: string; secretAccessKey: string } => inject("keys");

/**
 * A saver as a user would make one, on the table of the test file.
 * Its random key prefix makes it a tenant of its own: `list({})` sees only what it wrote itself.
 * What it was given as a secret is looked for in all that it gives out.
 */
export function createSaver(overrides: Partial<SaverOptions> = {}): DynamoDBSaver {
  const options: SaverOptions = {
    tableName: tableName(),
    region: "us-east-1",
    // S3 checks signatures; nobody here looks at a session token.
    credentials: { ...credentials(), ...canaries, ...(overrides.s3 && credentials()) },
    // Those of the local servers are worth nothing. Outside a browser it changes nothing.
    dangerouslyAllowBrowser: true,
    endpoint: endpoint(),
    keyPrefix: `${crypto.randomUUID()}#`,
    ...(otherServers() && { fetch: fetchServers }),
    ...overrides,
  };
  emissions.keepSecret(options);
  const { onEvent } = options;
  if (typeof onEvent === "function") {
    options.onEvent = (event) => {
      emissions.event(event);
      return onEvent(event);
    };
  }
  const saver = new DynamoDBSaver(options);
  emissions.made(saver);
  return saver;
}
