import { key } from "../../format/keys.js";
import { isDenied, ok, reported, warning, wrong, type Check } from "./finding.js";
import type { Subject } from "./subject.js";

/** What keeps this key prefix apart from others: its last character, and perhaps IAM. */
export async function* checkIsolation({ storage: { db, keyPrefix } }: Subject): Check {
  if (keyPrefix === "") return true;
  const shown = JSON.stringify(keyPrefix);
  if (/[\p{L}\p{N}]$/u.test(keyPrefix)) {
    yield warning(
      "isolation",
      `The key prefix ${shown} has no separator at its end: it is also the beginning of ` +
        `${JSON.stringify(`${keyPrefix}0`)}.`,
      `End it with one, for example ${JSON.stringify(`${keyPrefix}#`)}, before there is data.`,
    );
  }
  const elsewhere = `${keyPrefix.startsWith("D") ? "d" : "D"}OCTOR#${crypto.randomUUID()}`;
  try {
    await db.getItem(key(elsewhere, "probe"), false);
    yield ok(
      "isolation",
      `These credentials may read outside of the key prefix ${shown}: the application keeps tenants apart, IAM ` +
        "does not.",
    );
  } catch (error) {
    const problem = reported(error);
    if (isDenied(problem)) yield ok("isolation", `IAM keeps these credentials to the key prefix ${shown}.`);
    else yield wrong("isolation", problem.message, "Ask again.");
  }
  return true;
}
