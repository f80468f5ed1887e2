import type { DynamoDBSaver, EncryptionOptions } from "langgraph-checkpoint-dynamodb";
import { noise } from "../../lanes/savers/checkpoints.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";

export const key = noise(32, 11);
export const otherKey = noise(32, 12);

export const encrypted = (
  keyPrefix: string,
  encryption: Partial<EncryptionOptions> = {},
  options: Partial<SaverOptions> = {},
): DynamoDBSaver => createSaver({ keyPrefix, encryption: { key, ...encryption }, ...options });
