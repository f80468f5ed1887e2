/**
 * Orders text by code point, as DynamoDB orders sort keys by their UTF-8 bytes. JavaScript's `<` compares
 * UTF-16 units and puts an emoji before U+FFFD; `localeCompare` differs from machine to machine.
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above all others of one unit.
    const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
    return rank(x) - rank(y);
  }
  return a.length - b.length;
}
