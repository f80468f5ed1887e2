import { toBase64Url } from "../aws/base64.js";
import { sha256Name } from "../aws/sha256.js";
import type { Key } from "../aws/dynamodb.js";
import type { DataLocation } from "../errors.js";
import { compress, decompress, tooLarge, withCodec, type Compression } from "./compression.js";
import type { Encryption } from "./encryption.js";
import { damaged, FormatError, locate } from "./format-error.js";
import type { Serialized } from "./serialized.js";

/** Codec byte of a value that is encrypted; behind it, once decrypted, stands another codec byte. */
const ENCRYPTED = 3;

export interface CodecOptions {
  compression: Compression;
  encryption: Encryption | undefined;
  /** Whether plain data is accepted although `encryption` is on. */
  allowPlaintext: boolean;
  maxValueBytes: number;
}

/** Turns bytes into what is stored, and back. */
export class Codec {
  readonly #options: CodecOptions;

  constructor(options: CodecOptions) {
    this.#options = options;
  }

  async encode(bytes: Uint8Array, place: string): Promise<Uint8Array> {
    const { compression, encryption } = this.#options;
    const stored = compress(bytes, compression);
    return encryption ? withCodec(ENCRYPTED, await encryption.encrypt(stored, place)) : stored;
  }

  /** @throws FormatError */
  async decode(stored: Uint8Array, place: string): Promise<Uint8Array> {
    const { encryption, allowPlaintext, maxValueBytes } = this.#options;
    if (stored[0] !== ENCRYPTED) {
      if (encryption && !allowPlaintext) {
        throw new FormatError("PLAINTEXT_REFUSED", "A value is not encrypted, and encryption is on. While plain data is migrated, pass encryption.allowPlaintext: true");
      }
      return decompress(stored, maxValueBytes);
    }
    if (!encryption) throw new FormatError("DECRYPTION_FAILED", "A value is encrypted. Pass the key it was written with in the option encryption");
    return decompress(await encryption.decrypt(stored.subarray(1), place), maxValueBytes);
  }

  /** Refuses a value that could not be read again. @throws CheckpointDataError `VALUE_TOO_LARGE` */
  checkLength({ bytes }: Serialized, location: DataLocation): void {
    const { maxValueBytes } = this.#options;
    if (bytes.length > maxValueBytes) throw locate(tooLarge(bytes.length, maxValueBytes), location);
  }

  /** @throws FormatError `VALUE_TOO_LARGE` */
  checkStoredLength(length: number): void {
    if (length > this.#options.maxValueBytes) throw tooLarge(length, this.#options.maxValueBytes);
  }

  /** The name of a segment: SHA-256 of its bytes, or HMAC-SHA-256 with a key derived from the encryption's; base64url. */
  async nameOf(bytes: Uint8Array): Promise<string> {
    const { encryption } = this.#options;
    return encryption ? toBase64Url(await encryption.name(bytes)) : sha256Name(bytes);
  }

  /** Decodes a segment, and checks that its bytes are those of its name. @throws FormatError */
  async decodeSegment(name: string, stored: Uint8Array, place: string): Promise<Uint8Array> {
    const bytes = await this.decode(stored, place);
    // Where it is encrypted, its place has authenticated the name already.
    if (stored[0] !== ENCRYPTED && (await sha256Name(bytes)) !== name) throw damaged(`Segment ${name} does not have the bytes of its name`);
    return bytes;
  }
}

/** A value's place, which encryption binds it to. Lengths come first, so that no two places read the same. */
export const placeOf = ({ PK, SK }: Key, attribute: string): string => `${PK.S.length},${SK.S.length}:${PK.S}${SK.S}${attribute}`;
