/** What AWS asks for, in dollars. */
export interface Prices {
  /** A million write request units. */
  write: number;
  /** A million read request units. */
  read: number;
  /** A gigabyte of a table for a month. */
  storage: number;
  /** A million PUTs of S3. */
  s3Put: number;
  /** A million GETs of S3. */
  s3Get: number;
  /** A gigabyte in S3 for a month. */
  s3Storage: number;
}

/** On demand in us-east-1, with no free tier, as published on the pages of {@link PRICE_SOURCES} in November 2026. */
export const PRICES: Prices = { write: 0.625, read: 0.125, storage: 0.25, s3Put: 5, s3Get: 0.4, s3Storage: 0.023 };

export const PRICE_SOURCES = [
  "https://aws.amazon.com/dynamodb/pricing/on-demand/",
  "https://aws.amazon.com/s3/pricing/",
];

/** DynamoDB charges so much more for each item that it keeps. */
export const ITEM_OVERHEAD_BYTES = 100;

export const GIGABYTE = 1_024 ** 3;

/** Dollars, with as many digits as say something. */
export function dollars(amount: number): string {
  if (amount === 0) return "$0";
  const digits = amount >= 0.1 ? 2 : Math.min(12, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}
