import { AwsClient } from "../aws/client.js";
import { CredentialSource } from "../aws/credentials.js";
import { S3 } from "../aws/s3.js";
import type { SaverConfig } from "../config.js";

/** The bucket's service itself, for what the saver does not do there. Sends nothing yet. */
export function openS3(config: SaverConfig): S3 | undefined {
  if (!config.s3) return undefined;
  const credentials = new CredentialSource(config.s3.credentials ?? config.credentials, config);
  return new S3(new AwsClient({ ...config, credentials }), config.s3);
}
