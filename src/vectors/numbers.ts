import { invalidInput } from "../errors.js";

/** So many digits tell every two Float32 apart, and are half of what JSON writes for the same number as a double. */
const DIGITS = 9;

/**
 * The numbers of a vector as JSON has them; `undefined` where all are 0, which has no direction and which S3 Vectors
 * refuses.
 * @throws DynamoDBSaverError `INVALID_INPUT` for what no JSON has
 */
export function numbersOf(vector: Float32Array): number[] | undefined {
  if (!vector.every(Number.isFinite)) throw invalidInput("A vector has NaN or Infinity among its numbers.");
  if (vector.every((number) => number === 0)) return undefined;
  return Array.from(vector, (number) => Number(number.toPrecision(DIGITS)));
}
