import { AwsClient } from "../aws/client/client.js";
import { CredentialSource } from "../aws/client/credentials.js";
import { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { TableClock } from "../aws/dynamodb/table-clock.js";
import { S3 } from "../aws/s3/s3.js";
import type { SaverConfig } from "../config/config.js";
import { Codec } from "../format/codec.js";
import type { Compress } from "../format/compression.js";
import { Encryption } from "../format/encryption.js";
import { Offload } from "./offload.js";
import { SegmentStore } from "./segment-store.js";

/** Where items and payloads go, for the saver, the store and the cache alike. */
export interface Backend {
  db: DynamoDB;
  codec: Codec;
  offload: Offload | undefined;
  segments: SegmentStore;
}

/** Sends nothing yet. */
export function openBackend(config: SaverConfig, compress: Compress, clock?: TableClock): Backend {
  const clientFor = (credentials: SaverConfig["credentials"]): AwsClient =>
    new AwsClient({ ...config, credentials: new CredentialSource(credentials, config) });
  const client = clientFor(config.credentials);
  const db = new DynamoDB(client, config, clock);
  const codec = new Codec({
    ...config,
    compress,
    encryption: config.encryption && new Encryption(config.encryption.key, config.encryption.olderKeys),
    allowPlaintext: config.encryption?.allowPlaintext ?? false,
  });
  const s3Client = config.s3?.credentials ? clientFor(config.s3.credentials) : client;
  const offload = config.s3 && new Offload(new S3(s3Client, config.s3), { ...config, ...config.s3 });
  return { db, codec, offload, segments: new SegmentStore(db, codec, offload, config.consistentRead) };
}
