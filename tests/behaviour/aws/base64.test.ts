import { afterEach, describe, expect, test } from "vitest";
import { fromBase64, fromBase64Url, toBase64, toBase64Url } from "../../../src/aws/base64.js";

const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const standard = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** Where a runtime has these methods they are used, and taken away the others' way is. */
const natives: [owner: object, method: string][] = [
  [Uint8Array.prototype, "toBase64"],
  [Uint8Array, "fromBase64"],
];
const found = natives.map(([owner, method]) => Object.getOwnPropertyDescriptor(owner, method));

afterEach(() => {
  natives.forEach(([owner, method], i) => found[i] && Object.defineProperty(owner, method, found[i]));
});

describe.each(["as the runtime has it", "in plain JavaScript"])("base64, %s,", (which) => {
  const prepare = (): void => {
    if (which === "in plain JavaScript") for (const [owner, method] of natives) Reflect.deleteProperty(owner, method);
  };

  test("brings back 0 to 1,000 random bytes, in the standard form", () => {
    prepare();
    for (let length = 0; length <= 1_000; length++) {
      const bytes = random(length);
      const text = standard(bytes);

      // One comparison a length: a thousand arrays, byte by byte, take a second.
      expect([toBase64(bytes), standard(fromBase64(text))]).toEqual([text, text]);
    }
  });

  test("brings back every byte, at every place in a group", () => {
    prepare();
    for (const start of [0, 1, 2]) {
      const bytes = everyByte.subarray(start);

      expect(toBase64(bytes)).toBe(standard(bytes));
      expect(fromBase64(standard(bytes))).toEqual(bytes);
    }
  });

  test("reads a part of a buffer, not the whole of it", () => {
    prepare();
    expect(toBase64(everyByte.subarray(65, 68))).toBe("QUJD");
  });

  test.each([
    ["a character outside the alphabet", "QUJ*"],
    ["a character of the other alphabet", "QU-_"],
    ["a character beyond ASCII", "QUJé"],
    ["a character beyond Latin-1", "QUJ\u0141"],
    ["a length that is not a multiple of 4", "QUJDQ"],
    ["no padding", "QQ"],
    ["padding in the middle", "QQ==QUJD"],
    ["too much padding", "Q==="],
    ["nothing but padding", "===="],
    ["a line break", "QUJD\nQUJ"],
  ])("refuses %s with a SyntaxError", (_, text) => {
    prepare();
    expect(() => fromBase64(text)).toThrow(SyntaxError);
  });

  test("has a form for URLs, which comes back for every length", () => {
    prepare();
    for (let length = 0; length <= 100; length++) {
      const bytes = random(length);
      const text = toBase64Url(bytes);

      expect(text).toMatch(/^[\w-]*$/);
      expect(fromBase64Url(text)).toEqual(bytes);
    }
    expect(toBase64Url(Uint8Array.of(251, 255, 254, 255))).toBe("-__-_w");
  });

  test.each([
    ["a character outside the alphabet", "QU*"],
    ["a length that no bytes have", "QUJDQ"],
  ])("for URLs, refuses %s with a SyntaxError", (_, text) => {
    prepare();
    expect(() => fromBase64Url(text)).toThrow(SyntaxError);
  });
});
