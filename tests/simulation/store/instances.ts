import { DynamoDBCache, DynamoDBStore, type DynamoDBStoreOptions } from "langgraph-checkpoint-dynamodb";
import type { Client } from "../world/clients.js";
import type { Network } from "../world/network.js";
import { DYNAMODB_URL, S3_URL } from "../world/protocol.js";
import { auditorOf, keyOf } from "../calls/instances.js";
import { BUCKET_NAME } from "../world/stage.js";
import { WideEmbeddings } from "./embeddings.js";
import type { StoreInstancePlan } from "./plan.js";
import { LETTERS } from "./values.js";

/** A process with a store and a cache. */
export class StoreInstance {
  readonly client: Client;
  store!: DynamoDBStore;
  cache!: DynamoDBCache<unknown>;
  /** Another one after a restart. */
  actor!: object;
  calls = 0;

  constructor(
    readonly plan: StoreInstancePlan,
    private readonly network: Network,
  ) {
    this.client = { name: plan.name, faults: 0, lagSteps: plan.lagSteps ?? 0, skewMs: plan.skewMs ?? 0 };
    this.restart();
  }

  get keyPrefix(): string {
    return this.plan.keyPrefix ?? "";
  }

  /** As a deployment does, also where only calls have a ttl. */
  async setUp(): Promise<void> {
    await new DynamoDBStore({ ...this.#options(), ttl: { defaultTtlSeconds: 86_400 } }).setup();
  }

  /** Begins anew, and knows nothing. */
  restart(): void {
    const { ttlSeconds, refreshOnRead, index } = this.plan;
    const options = this.#options();
    this.store = new DynamoDBStore({
      ...options,
      ...((ttlSeconds !== undefined || refreshOnRead) && {
        ttl: {
          ...(ttlSeconds !== undefined && { defaultTtlSeconds: ttlSeconds }),
          ...(refreshOnRead && { refreshOnRead }),
        },
      }),
      ...(index && { index: { dims: index, embeddings: new WideEmbeddings(index), fields: ["title"] } }),
    });
    this.cache = new DynamoDBCache({ ...options, ...(ttlSeconds !== undefined && { ttlSeconds }) });
    this.actor = {};
  }

  #options(): DynamoDBStoreOptions {
    const { compression, s3, lagSteps, encryption, keyPrefix } = this.plan;
    return {
      tableName: "simulated",
      region: "us-east-1",
      endpoint: DYNAMODB_URL,
      credentials: { accessKeyId: "simulated", secretAccessKey: "simulated" },
      fetch: this.network.fetchOf(this.client),
      compression,
      ...(keyPrefix !== undefined && { keyPrefix }),
      ...(s3 && { s3: { bucket: BUCKET_NAME, endpoint: S3_URL, forcePathStyle: true, ...s3 } }),
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
}

/** What can read all that the others of a key prefix have stored. */
export function storeAuditorOf(instances: StoreInstancePlan[], keyPrefix: string): StoreInstancePlan {
  return {
    ...auditorOf(instances),
    index: instances.find((one) => one.index)?.index ?? LETTERS,
    ...(keyPrefix !== "" && { keyPrefix }),
  };
}
