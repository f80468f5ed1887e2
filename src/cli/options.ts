import { readFile } from "node:fs/promises";
import { Option, type Command } from "commander";
import type { DynamoDBSaverOptions, EncryptionOptions, S3Options } from "../options.js";
import { repeated } from "./arguments.js";
import { UsageError } from "./errors.js";
import type { OutputOptions } from "./output.js";

/** The options that every command has, as commander names them. */
export interface GlobalOptions extends OutputOptions {
  table?: string;
  region?: string;
  profile?: string;
  endpoint?: string;
  allowInsecureEndpoint?: boolean;
  keyPrefix?: string;
  s3Bucket?: string;
  s3OlderBucket?: string[];
  s3Prefix?: string;
  s3Endpoint?: string;
  s3Region?: string;
  s3Profile?: string;
  s3ForcePathStyle?: boolean;
  encryptionKeyFile?: string;
  olderKeyFile?: string[];
  allowPlaintext?: boolean;
}

export function addGlobalOptions(program: Command): void {
  program
    .optionsGroup("Where the threads are:")
    .addOption(new Option("--table <name>", "the table").env("DYNAMODB_TABLE_NAME"))
    .addOption(new Option("--region <region>", "its region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)"))
    .addOption(
      new Option(
        "--profile <name>",
        "a profile of the AWS configuration, with roles and SSO (else AWS_* variables, or AWS_PROFILE)",
      ),
    )
    .addOption(
      new Option("--endpoint <url>", "of DynamoDB (else AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, or AWS's own)"),
    )
    .addOption(
      new Option(
        "--allow-insecure-endpoint",
        "plain http to other hosts too, for both endpoints (else DYNAMODB_ALLOW_INSECURE_ENDPOINT)",
      ),
    )
    .addOption(new Option("--key-prefix <prefix>", "the saver's option keyPrefix").env("CHECKPOINT_KEY_PREFIX"))
    .addOption(new Option("--s3-bucket <name>", "the bucket of large values").env("CHECKPOINT_S3_BUCKET"))
    .addOption(
      new Option("--s3-older-bucket <name>", "a bucket that older large values lie in; can be repeated").argParser(
        repeated,
      ),
    )
    .addOption(new Option("--s3-prefix <prefix>", "what its keys begin with").env("CHECKPOINT_S3_PREFIX"))
    .addOption(new Option("--s3-endpoint <url>", "of S3 (else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or AWS's own)"))
    .addOption(new Option("--s3-region <region>", "its region (else the table's)"))
    .addOption(new Option("--s3-profile <name>", "a profile for S3, where it takes other credentials than the table"))
    .addOption(new Option("--s3-force-path-style", "endpoint/bucket/key instead of bucket.endpoint/key"))
    .optionsGroup("What they are encrypted with:")
    .addOption(
      new Option(
        "--encryption-key-file <file>",
        "32 bytes, as they are or in base64 or hexadecimal (else CHECKPOINT_ENCRYPTION_KEY)",
      ),
    )
    .addOption(
      new Option("--older-key-file <file>", "a key that older values were written with; can be repeated").argParser(
        repeated,
      ),
    )
    .addOption(new Option("--allow-plaintext", "read values without encryption too"))
    .optionsGroup("How it is shown:")
    .addOption(new Option("--json", "for machines: one JSON document, or one a line for what is many"))
    .addOption(new Option("--no-color", "no colour (as NO_COLOR; FORCE_COLOR for colour in a pipe)"))
    .addOption(new Option("--verbose", "every request on stderr, and where an error comes from"));
}

/**
 * What the saver is made of.
 * @throws UsageError where the command line and the environment together do not say enough
 */
export async function saverOptions(given: GlobalOptions): Promise<DynamoDBSaverOptions> {
  if (!given.table) throw new UsageError("Which table? Pass --table, or set DYNAMODB_TABLE_NAME.");
  const region = given.region ?? (await regionOf(given.profile));
  if (!region) throw new UsageError("Which region? Pass --region, or set AWS_REGION.");
  return {
    tableName: given.table,
    region,
    credentials: await credentialsOf(given.profile),
    endpoint: given.endpoint,
    allowInsecureEndpoint: given.allowInsecureEndpoint,
    keyPrefix: given.keyPrefix,
    s3: await s3Options(given),
    encryption: await encryptionOptions(given),
  };
}

/** `undefined` where the keys in the environment count. `--profile` comes before them, `AWS_PROFILE` behind. */
async function credentialsOf(profile: string | undefined): Promise<DynamoDBSaverOptions["credentials"]> {
  if (profile === undefined && (process.env.AWS_ACCESS_KEY_ID || process.env.AWS_SECRET_ACCESS_KEY)) return undefined;
  // In a chunk of its own: whoever has keys in the environment never loads it.
  const { fromIni, fromNodeProviderChain } = await import("@aws-sdk/credential-providers");
  // A profile that is named and not there must not end in the role of the machine.
  return profile === undefined ? fromNodeProviderChain() : fromIni({ profile });
}

async function regionOf(profile: string | undefined): Promise<string | undefined> {
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_PROFILE } = process.env;
  if (profile === undefined && (AWS_REGION || AWS_DEFAULT_REGION)) return AWS_REGION || AWS_DEFAULT_REGION;
  const { loadSharedConfigFiles } = await import("@smithy/core/config");
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const name = profile ?? (AWS_PROFILE || "default");
  return configFile[name]?.region ?? credentialsFile[name]?.region ?? (AWS_REGION || AWS_DEFAULT_REGION);
}

async function s3Options(given: GlobalOptions): Promise<S3Options | undefined> {
  const {
    s3Bucket: bucket,
    s3OlderBucket: olderBuckets,
    s3Prefix: prefix,
    s3Endpoint: endpoint,
    s3Region: region,
    s3Profile: profile,
    s3ForcePathStyle: forcePathStyle,
  } = given;
  if (!bucket) {
    if (olderBuckets || prefix || endpoint || region || profile || forcePathStyle)
      throw new UsageError("Which bucket? Pass --s3-bucket, or set CHECKPOINT_S3_BUCKET.");
    return undefined;
  }
  return {
    bucket,
    olderBuckets,
    prefix: prefix ?? "",
    endpoint,
    region,
    forcePathStyle,
    credentials: profile === undefined ? undefined : await credentialsOf(profile),
  };
}

async function encryptionOptions({
  encryptionKeyFile,
  olderKeyFile = [],
  allowPlaintext,
}: GlobalOptions): Promise<EncryptionOptions | undefined> {
  const variable = process.env.CHECKPOINT_ENCRYPTION_KEY;
  const key =
    encryptionKeyFile !== undefined
      ? await keyOf(encryptionKeyFile)
      : variable
        ? keyFrom(Buffer.from(variable), "CHECKPOINT_ENCRYPTION_KEY")
        : undefined;
  if (key) return { key, olderKeys: await Promise.all(olderKeyFile.map(keyOf)), allowPlaintext };
  if (olderKeyFile.length > 0 || allowPlaintext)
    throw new UsageError("Which key? Pass --encryption-key-file, or set CHECKPOINT_ENCRYPTION_KEY.");
  return undefined;
}

async function keyOf(file: string): Promise<Uint8Array> {
  try {
    return keyFrom(await readFile(file), file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `The key file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"}).`,
    );
  }
}

function keyFrom(bytes: Uint8Array, source: string): Uint8Array {
  if (bytes.length === 32) return new Uint8Array(bytes);
  const text = new TextDecoder().decode(bytes).trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return new Uint8Array(Buffer.from(text, "hex"));
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return new Uint8Array(Buffer.from(text, "base64"));
  throw new UsageError(
    `${source} does not hold a key: 32 bytes, or as text 64 hexadecimal digits or 44 characters of base64.`,
  );
}
