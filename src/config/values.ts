import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { checkObject, optional } from "../checks.js";
import { invalidConfig, type DynamoDBSaverError } from "../errors.js";
import type { EncryptionKey, EncryptionOptions } from "../options.js";

/* How values are stored: checks of the options for it. */

/** The option `encryption`, filled in. */
export type EncryptionConfig = {
  readonly [K in keyof EncryptionOptions]-?: Exclude<EncryptionOptions[K], undefined>;
};

/** @param error makes the error, for an option or for an argument of a call */
export function checkTtl(name: string, ttl: unknown, error: (message: string) => DynamoDBSaverError): number {
  if (typeof ttl === "number" && ttl > 0 && ttl <= 100 * 365 * 86_400) return ttl;
  throw error(`${name} must be a positive number of seconds, 100 years at most, for example 7 * 86_400 for a week.`);
}

export function checkEncryption(encryption: EncryptionOptions | undefined): EncryptionConfig | undefined {
  if (encryption === undefined) return undefined;
  checkObject("encryption", encryption, ["key", "olderKeys", "allowPlaintext"], "{ key }");
  const { key, olderKeys = [], allowPlaintext } = encryption;
  if (!Array.isArray(olderKeys)) throw invalidConfig("encryption.olderKeys must be an array of keys.");
  return Object.freeze({
    key: checkKey("encryption.key", key),
    olderKeys: olderKeys.map((older, i) => checkKey(`encryption.olderKeys[${i}]`, older)),
    allowPlaintext: optional("encryption.allowPlaintext", allowPlaintext, "boolean") ?? false,
  });
}

function checkKey(name: string, key: unknown): EncryptionKey {
  if (key instanceof Uint8Array && key.length === 32) return new Uint8Array(key);
  if (typeof CryptoKey !== "undefined" && key instanceof CryptoKey) {
    const { length } = key.algorithm as { length?: number };
    if (
      key.algorithm.name === "AES-GCM" &&
      length === 256 &&
      key.usages.includes("encrypt") &&
      key.usages.includes("decrypt")
    )
      return key;
  }
  throw invalidConfig(
    `${name} must be 32 bytes (crypto.getRandomValues(new Uint8Array(32)), kept in a secret store), or an ` +
      "AES-GCM CryptoKey of 256 bits that may encrypt and decrypt.",
  );
}

export function checkSerde(serde: unknown): SerializerProtocol | undefined {
  if (serde === undefined) return undefined;
  const { dumpsTyped, loadsTyped } = (serde ?? {}) as Record<string, unknown>;
  if (typeof dumpsTyped === "function" && typeof loadsTyped === "function") return serde as SerializerProtocol;
  throw invalidConfig("serde must be an object with the methods dumpsTyped and loadsTyped.");
}

export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || (typeof signal === "object" && signal !== null && "aborted" in signal))
    return signal as AbortSignal | undefined;
  throw invalidConfig("signal must be an AbortSignal, for example new AbortController().signal.");
}
