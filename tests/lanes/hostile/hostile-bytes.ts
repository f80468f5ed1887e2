import { gzipSync } from "fflate";
import { noise } from "../savers/checkpoints.js";
import { changeContainer, type Changed } from "./hostile-container.js";
import type { Random } from "./random.js";
import type { RawItem } from "../stored/raw-table.js";
import { CODEC, concat, deflated, fromBase64, gzipped, utf8 } from "../stored/stored-bytes.js";

/*
 * Stored bytes that this package has not written: real ones with something changed. What is changed is chosen by
 * somebody who knows the layout, because blind changes hardly come past the first check.
 */

/** @param others where foreign parts come from */
export function mutateStored(stored: Uint8Array, others: readonly RawItem[], random: Random): Changed {
  const changed = changeBytes(stored, others, random);
  // An item has no more than 400 KB.
  return changed.bytes.length > 390_000 ? changeBlindly(stored, random) : changed;
}

function changeBytes(stored: Uint8Array, others: readonly RawItem[], random: Random): Changed {
  const how =
    stored[0] === CODEC.plain
      ? random.weighted({ blind: 2, container: 6, codec: 2, replace: 1 })
      : random.weighted({ blind: 5, codec: 1, replace: 1 });
  if (how === "container") return changeContainer(stored.subarray(1), others, random) ?? changeBlindly(stored, random);
  if (how === "codec") return wrap(stored[0] === CODEC.plain ? stored.subarray(1) : stored, random);
  if (how === "replace") return replace(others, random);
  return changeBlindly(stored, random);
}

/** What the saver itself does not know the meaning of. */
function changeBlindly(stored: Uint8Array, random: Random): Changed {
  const at = random.below(stored.length);
  const how = random.weighted({ flip: 5, cut: 3, cutStart: 1, insert: 2, remove: 2, length: 3, codec: 3, fill: 1 });
  const length = 1 + random.below(40);
  switch (how) {
    case "flip":
      return { bytes: stored.with(at, stored[at]! ^ (1 << random.below(8))), what: `flip a bit of byte ${at}` };
    case "cut":
      return { bytes: stored.slice(0, at), what: `cut at ${at}` };
    case "cutStart":
      return { bytes: stored.slice(at), what: `cut to ${at}` };
    case "insert":
      return {
        bytes: concat(stored.subarray(0, at), noise(length, at + 1), stored.subarray(at)),
        what: `insert ${length} at ${at}`,
      };
    case "remove":
      return { bytes: concat(stored.subarray(0, at), stored.subarray(at + length)), what: `remove ${length} at ${at}` };
    case "length": {
      // The u32 in front of a container's header.
      const bytes = stored.slice();
      const value = random.pick([0, 1, 3, stored.length, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]);
      if (bytes.length >= 5) new DataView(bytes.buffer).setUint32(1, value);
      return { bytes, what: `length of the header ${value}` };
    }
    case "codec": {
      const codec = random.pick([0, 1, 2, 3, 4, 200, 255]);
      return { bytes: stored.with(0, codec), what: `codec ${codec}` };
    }
    case "fill":
      return { bytes: stored.map((byte, i) => (i < at ? byte : 0)), what: `zeros from ${at}` };
  }
}

/** Bytes that are something else altogether. */
function replace(others: readonly RawItem[], random: Random): Changed {
  const foreign = others.flatMap((item) =>
    Object.values(item).flatMap(({ B }) => (B === undefined ? [] : [fromBase64(B)])),
  );
  const how = random.weighted({ nothing: 1, noise: 2, text: 1, foreign: 3 });
  if (how === "foreign") return { bytes: random.pick(foreign), what: "the bytes of another item" };
  if (how === "noise")
    return {
      bytes: concat(Uint8Array.of(random.below(4)), noise(random.below(3_000), random.below(1_000) + 1)),
      what: "noise",
    };
  return { bytes: how === "nothing" ? new Uint8Array(0) : utf8("{}"), what: how };
}

/** The same bytes, encoded otherwise or with a lie about how. */
function wrap(bytes: Uint8Array, random: Random): Changed {
  const how = random.weighted({
    gzip: 2,
    lying: 3,
    bomb: 2,
    lyingBomb: 1,
    deflate: 2,
    flags: 2,
    twice: 1,
    encrypted: 1,
  });
  const announced = random.pick([0, 1, bytes.length - 1, bytes.length + 1, 65_535, 2 ** 20, 2 ** 31, 2 ** 32 - 1]);
  const zeros = random.pick([...BOMBS.keys()]);
  const encoded = {
    gzip: () => gzipped(bytes),
    lying: () => gzipped(bytes, announced),
    bomb: () => bomb(zeros, zeros),
    lyingBomb: () => bomb(zeros, random.pick([0, 10, bytes.length])),
    deflate: () => deflated(bytes, random.chance(0.5) ? bytes.length : announced),
    // RFC 1952: extra field, name, comment and checksum of the header, which are not there.
    flags: () => gzipped(bytes).with(1 + 3, random.below(256)),
    twice: () => gzipped(gzipSync(bytes)),
    encrypted: () => concat(Uint8Array.of(CODEC.encrypted), bytes),
  }[how]();
  return { bytes: encoded, what: how === "lying" ? `${how} ${announced}` : how };
}

/** So many zeros. Made once, and before anybody counts what is allocated. */
const BOMBS = new Map([100_000, 2 ** 21, 2 ** 24].map((length) => [length, gzipped(new Uint8Array(length))]));

/** @param announced how many it says they are */
function bomb(length: number, announced: number): Uint8Array {
  const bytes = BOMBS.get(length)!.slice();
  new DataView(bytes.buffer).setUint32(bytes.length - 4, announced, true);
  return bytes;
}
