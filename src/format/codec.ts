import { toBase64Url } from "../aws/base64.js";
import { sha256Name } from "../aws/sha256.js";
import type { DataLocation } from "../errors.js";
import { announcedLength, decompress, withCodec, type Compress } from "./compression.js";
import { type Compression } from "../options.js";
import { MAX_CONTAINER_BYTES } from "./container.js";
import type { Encryption, Place } from "./encryption.js";
import { damaged, FormatError, locate } from "./format-error.js";
import { Meter, tooLarge } from "./meter.js";
import type { Segment } from "./value.js";

/** Codec byte of a value that is encrypted; behind it, once decrypted, stands another codec byte. */
const ENCRYPTED = 3;
/** What a value takes in the list of its checkpoint, in bytes of memory, with some segments. */
const LISTED_BYTES = 3 * 1_024;

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

  /**
   * Decodes a container that stands in an item.
   * @param maxBytes what says that it is longer is refused before it is unpacked
   * @throws FormatError
   */
  async decode(stored: Uint8Array, place: Place, maxBytes = MAX_CONTAINER_BYTES): Promise<Uint8Array> {
    return this.#decode(stored, place, maxBytes, tooLong);
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
   * @param meter of the call that reads them; without it, they are to be stored
   * @throws CheckpointDataError `VALUE_TOO_LARGE`
   */
  checkLengths(values: [channel: string, bytes: number][], location: DataLocation, meter?: Meter): void {
    const { maxValueBytes } = this.#options;
    const large = values.find(([, bytes]) => bytes > maxValueBytes);
    if (large)
      throw locate(tooLarge(`A value of ${large[1]} bytes is over maxValueBytes (${maxValueBytes})`), {
        ...location,
        channel: large[0],
      });
    const counting = meter ?? this.meter();
    try {
      counting.addValues(values.reduce((sum, [, bytes]) => sum + bytes, 0));
      if (!meter) counting.add(values.length * LISTED_BYTES);
    } catch (error) {
      throw locate(error, location);
    }
  }

  /** For one call. */
  meter(): Meter {
    return new Meter(this.#options.maxValueBytes);
  }

  /** What is wrong with so many bytes of values in one call, if that is too many. */
  problemOf(total: number): FormatError | undefined {
    try {
      this.meter().addValues(total);
      return undefined;
    } catch (error) {
      return error as FormatError;
    }
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
