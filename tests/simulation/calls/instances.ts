import { DynamoDBSaver, type DynamoDBSaverOptions } from "langgraph-checkpoint-dynamodb";
import type { Client } from "../world/clients.js";
import type { Network } from "../world/network.js";
import type { Actor } from "./actors.js";
import type { InstancePlan } from "./plan.js";
import { BUCKET_NAME } from "../world/stage.js";
import { DYNAMODB_URL, S3_URL } from "../world/protocol.js";
import type { RecordedCheckpoint } from "../model/records.js";

export const TABLE_NAME = "simulated";

export const keyOf = (number: number): Uint8Array => new Uint8Array(32).fill(number);

function optionsOf(
  { compression, s3, ttlSeconds, refreshOnRead, history, conflict, lagSteps, encryption }: InstancePlan,
  fetch: DynamoDBSaverOptions["fetch"],
): DynamoDBSaverOptions {
  return {
    tableName: TABLE_NAME,
    region: "us-east-1",
    endpoint: DYNAMODB_URL,
    credentials: { accessKeyId: "simulated", secretAccessKey: "simulated" },
    fetch,
    compression,
    ...(s3 && { s3: { bucket: BUCKET_NAME, endpoint: S3_URL, forcePathStyle: true, ...s3 } }),
    ...(ttlSeconds !== undefined && { ttlSeconds }),
    ...(refreshOnRead && { refreshOnRead }),
    ...(history && { history }),
    ...(conflict && { conflict }),
    ...(lagSteps && { consistentRead: false }),
    ...(encryption && {
      encryption: {
        key: keyOf(encryption.key),
        olderKeys: encryption.older.map(keyOf),
        allowPlaintext: encryption.plain,
      },
    }),
  };
}

/** A process with one saver. */
export class Instance implements Actor {
  readonly client: Client;
  saver!: DynamoDBSaver;
  touched!: Map<RecordedCheckpoint, number>;
  tried!: Set<RecordedCheckpoint>;

  constructor(
    readonly plan: InstancePlan,
    private readonly network: Network,
  ) {
    this.client = { name: plan.name, faults: 0, lagSteps: plan.lagSteps ?? 0 };
    this.restart();
  }

  /** As a deployment does, also where only calls have a ttl. */
  async setUp(): Promise<void> {
    const options = optionsOf(this.plan, this.network.fetchOf(this.client));
    await new DynamoDBSaver({ ...options, ttlSeconds: options.ttlSeconds ?? 86_400 }).setup();
  }

  /** Begins anew, and knows nothing. */
  restart(): void {
    this.saver = new DynamoDBSaver(optionsOf(this.plan, this.network.fetchOf(this.client)));
    this.touched = new Map();
    this.tried = new Set();
  }
}

/** What reads all that the others have stored. */
export function auditorOf(
  instances: Pick<InstancePlan, "encryption" | "s3">[],
): Pick<InstancePlan, "name" | "compression" | "encryption" | "s3"> {
  const keys = new Set(
    instances.flatMap(({ encryption }) => (encryption ? [encryption.key, ...encryption.older] : [])),
  );
  const [key, ...older] = [...keys].reverse();
  const s3 = instances.find((one) => one.s3)?.s3;
  return {
    name: "Z",
    compression: "none",
    ...(s3 && { s3: { ...s3, thresholdBytes: 380_000 } }),
    ...(key !== undefined && { encryption: { key, older, plain: true } }),
  };
}
