import type { EncryptionKey } from "../options.js";
import { FormatError } from "./format-error.js";

/*
 * Client-side encryption: AES-256-GCM with a random nonce for each value, and the value's place (partition key,
 * sort key, attribute) as associated data, so that a stored value cannot be moved to another thread, checkpoint
 * or attribute. Layout behind the codec byte: 12 bytes of nonce, then ciphertext and tag.
 * NIST SP 800-38D, section 8.3: at most 2^32 random nonces a key.
 */

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const encoder = new TextEncoder();

/** What a value is bound to. Where there are two, the second is that of values which were bound to less. */
export type Place = string | readonly [place: string, looser: string];

export class Encryption {
  readonly #given: { key: EncryptionKey; olderKeys: readonly EncryptionKey[] };
  #keys: CryptoKey[] | undefined;
  #nameKey: CryptoKey | undefined;

  constructor(key: EncryptionKey, olderKeys: readonly EncryptionKey[]) {
    this.#given = { key, olderKeys };
  }

  async encrypt(bytes: Uint8Array, place: Place): Promise<Uint8Array> {
    const [key] = await this.#imported();
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const ciphertext = await crypto.subtle.encrypt(
      parameters(nonce, [place].flat()[0]!),
      key!,
      bytes as Uint8Array<ArrayBuffer>,
    );
    const sealed = new Uint8Array(NONCE_BYTES + ciphertext.byteLength);
    sealed.set(nonce);
    sealed.set(new Uint8Array(ciphertext), NONCE_BYTES);
    return sealed;
  }

  /** @throws FormatError `DECRYPTION_FAILED` if no key fits, or the value was changed or moved */
  async decrypt(sealed: Uint8Array, place: Place): Promise<Uint8Array> {
    if (sealed.length >= NONCE_BYTES + TAG_BYTES) {
      const nonce = sealed.slice(0, NONCE_BYTES);
      for (const one of [place].flat()) {
        for (const key of await this.#imported()) {
          try {
            return new Uint8Array(await crypto.subtle.decrypt(parameters(nonce, one), key, sealed.slice(NONCE_BYTES)));
          } catch {
            // Another key may fit.
          }
        }
      }
    }
    throw new FormatError(
      "DECRYPTION_FAILED",
      "A value cannot be decrypted: it was encrypted with another key, changed, or moved. Pass the key it was " +
        "written with in encryption.olderKeys",
    );
  }

  /** A name for bytes that tells nothing about them to who lacks the key: HMAC-SHA-256. */
  async name(bytes: Uint8Array): Promise<Uint8Array> {
    this.#nameKey ??= await this.#deriveNameKey();
    return new Uint8Array(await crypto.subtle.sign("HMAC", this.#nameKey, bytes as Uint8Array<ArrayBuffer>));
  }

  /**
   * A CryptoKey need not be extractable, so the second key comes out of the first by encrypting a constant.
   * Its nonce of zeros is used for this one message only.
   */
  async #deriveNameKey(): Promise<CryptoKey> {
    const [key] = await this.#imported();
    const place = "langgraph-checkpoint-dynamodb segment names";
    const secret = await crypto.subtle.encrypt(
      parameters(new Uint8Array(NONCE_BYTES), place),
      key!,
      new Uint8Array(32),
    );
    return crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  }

  async #imported(): Promise<CryptoKey[]> {
    const { key, olderKeys } = this.#given;
    this.#keys ??= await Promise.all([key, ...olderKeys].map(importKey));
    return this.#keys;
  }
}

async function importKey(key: EncryptionKey): Promise<CryptoKey> {
  if (!(key instanceof Uint8Array)) return key as CryptoKey;
  return crypto.subtle.importKey("raw", key as Uint8Array<ArrayBuffer>, "AES-GCM", false, ["encrypt", "decrypt"]);
}

const parameters = (nonce: Uint8Array<ArrayBuffer>, place: string): AesGcmParams => ({
  name: "AES-GCM",
  iv: nonce,
  additionalData: encoder.encode(place),
});
