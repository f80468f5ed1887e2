/*
 * What must never show outside of a request: the credentials, keys and values that the tests use. They are made so that
 * they can be found wherever they turn up.
 */

/** Credentials of every saver in the tests that brings none of its own. */
export const canaries = {
  secretAccessKey: "CanarySecretAccessKeyOfTheTests",
  sessionToken: "CanarySessionTokenOfTheTests",
};

/** A value that tests store where they look for values. */
export const PAYLOAD = "Zebracorn";

const SECRETS = [
  /Canary\w{8,}/,
  // Of tests with credentials of their own.
  /topSecret\w*|AKIDEXAMPLE/,
  /Zebraco\w*/,
  // A signed request.
  /AWS4-HMAC-SHA256 Credential|Signature=[0-9a-f]{16,}/,
];

/** Stands in every checkpoint that is stored as JSON, so that no test has to mark its values. */
const PARTS_OF_CHECKPOINTS = /versions_seen|channel_versions"|"source":"|2026-01-01T00:00:00\.000Z/;

/**
 * The secrets in a text.
 * @param {string} text
 * @returns {string[]}
 */
export function secretsIn(text) {
  return SECRETS.flatMap((pattern) => pattern.exec(text)?.[0] ?? []);
}

/**
 * The secrets and the parts of stored values in what the saver has said.
 * @param {string} text
 * @returns {string[]}
 */
export function secretsAndValuesIn(text) {
  return [...secretsIn(text), ...(PARTS_OF_CHECKPOINTS.exec(text) ?? [])];
}
