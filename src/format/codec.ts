import { toBase64Url } from "../aws/base64.js";
import { sha256Name } from "../aws/sha256.js";
import type { Key } from "../aws/dynamodb/dynamodb.js";
import type { DataLocation } from "../errors.js";
import { announcedLength, decompress, withCodec, type Compress, type Compression } from "./compression.js";
import { MAX_CONTAINER_BYTES } from "./container.js";
import type { Encryption, Place } from "./encryption.js";
import { damaged, FormatError, locate } from "./format-error.js";
import { withoutBorn } from "./keys.js";
import type { Segment } from "./value.js";

/** Codec byte of a value that is encrypted; behind it, once decrypted, stands another codec byte. */
const ENCRYPTED = 3;
/** So many values of the largest size may be in one checkpoint with its writes, and in what one call gives back. */
const MAX_VALUES = 4;

export interface CodecOptions {
  compression: Compression;
  /** Given by who writes, so that a page that only reads has nothing of it. */
  compress: Compress;
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

  async encode(bytes: Uint8Array, place: Place): Promise<Uint8Array> {
    const { compression, compress } = this.#options;
    return this.sealed(compress(bytes, compression), place);
  }

  /** Decodes a container that stands in an item. @throws FormatError */
  async decode(stored: Uint8Array, place: Place): Promise<Uint8Array> {
    return this.#decode(stored, place, MAX_CONTAINER_BYTES, tooLong);
  }

  /** The same, and whether it is encrypted and bound to the first of two places. @throws FormatError */
  async decodeBound(stored: Uint8Array, place: Place): Promise<{ bytes: Uint8Array; isBound: boolean }> {
    if (typeof place === "string" || stored[0] !== ENCRYPTED)
      return { bytes: await this.decode(stored, place), isBound: false };
    const [first, looser] = place;
    try {
      return { bytes: await this.decode(stored, first), isBound: true };
    } catch (error) {
      if (!(error instanceof FormatError && error.code === "DECRYPTION_FAILED")) throw error;
      return { bytes: await this.decode(stored, looser), isBound: false };
    }
  }

  /**
   * Whether several containers of one item can be decoded. They say how long they are, so none has to be unpacked for
   * this.
   * @throws FormatError
   */
  checkAnnounced(stored: Uint8Array[]): void {
    const length = stored.reduce((sum, one) => sum + announcedLength(one), 0);
    if (length > MAX_CONTAINER_BYTES) throw tooLong(length);
  }

  async #decode(
    stored: Uint8Array,
    place: Place,
    maxBytes: number,
    tooLong: (length: number) => FormatError,
  ): Promise<Uint8Array> {
    return decompress(await this.opened(stored, place), maxBytes, tooLong);
  }

  /** What is not encrypted any more, and compressed perhaps. @throws FormatError */
  async opened(stored: Uint8Array, place: Place): Promise<Uint8Array> {
    const { encryption, allowPlaintext } = this.#options;
    if (stored[0] === ENCRYPTED) {
      if (!encryption)
        throw new FormatError(
          "DECRYPTION_FAILED",
          "A value is encrypted. Pass the key it was written with in the option encryption",
        );
      return encryption.decrypt(stored.subarray(1), place);
    }
    if (encryption && !allowPlaintext) {
      throw new FormatError(
        "PLAINTEXT_REFUSED",
        "A value is not encrypted, and encryption is on. While plain data is migrated, pass " +
          "encryption.allowPlaintext: true",
      );
    }
    return stored;
  }

  get encrypts(): boolean {
    return this.#options.encryption !== undefined;
  }

  /** What is compressed perhaps as it is stored, encrypted if there is a key. */
  async sealed(opened: Uint8Array, place: Place): Promise<Uint8Array> {
    const { encryption } = this.#options;
    return encryption ? withCodec(ENCRYPTED, await encryption.encrypt(opened, place)) : opened;
  }

  /**
   * Bounds what one item refers to, each value and all together, because many values can refer to the same segment.
   * Nothing is stored that could not be read again.
   * @param before bytes of what has been read already, and is held beside these
   * @returns the bytes of all
   * @throws CheckpointDataError `VALUE_TOO_LARGE`
   */
  checkLengths(values: [channel: string, bytes: number][], location: DataLocation, before = 0): number {
    const { maxValueBytes } = this.#options;
    const large = values.find(([, bytes]) => bytes > maxValueBytes);
    if (large)
      throw locate(tooLarge(`A value of ${large[1]} bytes is over maxValueBytes (${maxValueBytes})`), {
        ...location,
        channel: large[0],
      });
    const total = values.reduce((sum, [, bytes]) => sum + bytes, before);
    const problem = this.problemOf(total);
    if (problem) throw locate(problem, location);
    return total;
  }

  /** What is wrong with so many bytes of values in one call, if that is too many. */
  problemOf(total: number): FormatError | undefined {
    const { maxValueBytes } = this.#options;
    return total > MAX_VALUES * maxValueBytes
      ? tooLarge(`Values of ${total} bytes together are over ${MAX_VALUES} times maxValueBytes (${maxValueBytes})`)
      : undefined;
  }

  /**
   * The name of a segment: SHA-256 of its bytes, or HMAC-SHA-256 with a key derived from the encryption's; base64url.
   */
  async nameOf(bytes: Uint8Array): Promise<string> {
    const { encryption } = this.#options;
    return encryption ? toBase64Url(await encryption.name(bytes)) : sha256Name(bytes);
  }

  /** Decodes a segment, and checks that its bytes are those of its name. @throws FormatError */
  async decodeSegment({ name, length }: Segment, stored: Uint8Array, place: Place): Promise<Uint8Array> {
    const bytes = await this.#decode(stored, place, length, (actual) =>
      damaged(`Segment ${name} has ${actual} bytes instead of ${length}`),
    );
    // Where it is encrypted, its place has authenticated the name already.
    if (stored[0] !== ENCRYPTED && (await sha256Name(bytes)) !== name)
      throw damaged(`Segment ${name} does not have the bytes of its name`);
    return bytes;
  }
}

const tooLong = (length: number): FormatError =>
  new FormatError("VALUE_TOO_LARGE", `A stored part says that it is ${length} bytes long, which none can be`);

const tooLarge = (problem: string): FormatError =>
  new FormatError("VALUE_TOO_LARGE", `${problem}. Raise that option, or keep large values elsewhere`);

/**
 * A value's place, which encryption binds it to: the same in every incarnation of a thread, so that one is restored
 * without the key. Lengths come first, so that no two places read the same.
 */
export function placeOf({ PK, SK }: Key, attribute: string): string {
  const sortKey = withoutBorn(SK.S);
  return `${PK.S.length},${sortKey.length}:${PK.S}${sortKey}${attribute}`;
}
