import { CredentialSource } from "../../aws/client/credentials.js";
import type { S3 } from "../../aws/s3/s3.js";
import { openBackend } from "../../payload/backend.js";
import { writingFor } from "../../checkpoint/write/writing.js";
import { compress } from "../../format/compression.js";
import { openStorage } from "../../checkpoint/open-storage.js";
import { plainSerde } from "../../format/serde/plain-serde.js";
import { DynamoDBSaver } from "../../threads/saver.js";
import type { Storage } from "../../checkpoint/storage.js";
import { expandConfig, type SaverConfig } from "../../config/config.js";
import { ambientEnv } from "../../config/environment.js";
import type { DynamoDBSaverOptions } from "../../options.js";

/** A throwaway thread that nobody could delete is swept after this long. */
const LEFTOVERS_LIVE_SECONDS = 3_600;

/** What is examined, and the ways to it. */
export interface Subject {
  config: SaverConfig;
  credentials: CredentialSource;
  storage: Storage;
  s3: S3 | undefined;
  /** A saver as the application has it; nothing is cached in a new one. */
  newSaver: () => DynamoDBSaver;
  /** The same, past the signal: what was made is deleted also when somebody interrupts. */
  cleaner: { saver: DynamoDBSaver; s3: S3 | undefined };
}

/**
 * Sends nothing yet.
 * @throws DynamoDBSaverError `INVALID_CONFIG`
 */
export function subjectOf(given: DynamoDBSaverOptions): Subject {
  // The doctor tells of what fails, and need not try for as long as an application does.
  const options: DynamoDBSaverOptions = {
    ...given,
    maxAttempts: 2,
    requestTimeoutMs: given.requestTimeoutMs ?? 5_000,
    conflict: "branch",
    history: "full",
  };
  const config = expandConfig(options, ambientEnv());
  const throwaway = { ...options, ttlSeconds: LEFTOVERS_LIVE_SECONDS };
  // What was made has to go, so that is tried as often as an application tries.
  const lasting = { signal: undefined, maxAttempts: 4 };
  const storage = openStorage(config, config.serde ?? plainSerde, writingFor(config));
  return {
    config,
    credentials: new CredentialSource(config.credentials, config),
    storage,
    s3: storage.offload?.s3,
    newSaver: () => new DynamoDBSaver(throwaway),
    cleaner: {
      saver: new DynamoDBSaver({ ...throwaway, ...lasting }),
      s3: openBackend({ ...config, ...lasting }, compress).offload?.s3,
    },
  };
}
