import { getLifecycleRules, putLifecycleRules } from "../aws/s3/lifecycle.js";
import { sha256Name } from "../aws/sha256.js";
import { elements, elementText } from "../aws/s3/xml.js";
import { invalidConfig } from "../errors.js";
import { daysOf } from "../payload/lifetime.js";
import { RULE_DAYS } from "../payload/new-objects.js";
import { TTL_TAG, type Offload } from "../payload/offload.js";

/**
 * Makes sure that objects expire, by rules of our own beside those of others: those of the saver's ttl, and those of
 * calls that have one of their own.
 * @returns the id of the rule for the saver's ttl, and whether a rule had to be installed
 * @throws DynamoDBSaverError `INVALID_CONFIG` if such a rule is there and deletes earlier
 */
export async function installRules(
  { s3, options: { bucket, prefix } }: Offload,
  ttlSeconds: number,
): Promise<{ id: string; installed: boolean }> {
  const own = daysOf(ttlSeconds);
  const rules = await getLifecycleRules(s3, bucket);
  const missing = missingDays(rules, prefix, ttlSeconds);
  for (const days of [own, ...RULE_DAYS]) refuseShorter(rules, bucket, prefix, days);
  const idOf = async (days: number): Promise<string> =>
    `langgraph-checkpoint-dynamodb-${(await sha256Name(prefix)).slice(0, 8)}-${days}-days`;
  if (missing.length > 0) {
    const ids = await Promise.all(missing.map(idOf));
    const ours = missing.map((days, i) => {
      const filter = `<And><Prefix>${prefix}</Prefix><Tag><Key>${TTL_TAG}</Key><Value>${days}</Value></Tag></And>`;
      return (
        `<Rule><ID>${ids[i]}</ID><Filter>${filter}</Filter><Status>Enabled</Status><Expiration><Days>${days}</Days>` +
        "</Expiration></Rule>"
      );
    });
    await putLifecycleRules(s3, bucket, [
      ...rules.filter((other) => !ids.includes(elementText(other, "ID") ?? "")),
      ...ours,
    ]);
  }
  const existing = ruleOf(rules, prefix, own);
  return {
    id: existing === undefined ? await idOf(own) : (elementText(existing, "ID") ?? ""),
    installed: missing.length > 0,
  };
}

/** The lives of objects for which there is no rule yet, in days. */
export const missingDays = (rules: readonly string[], prefix: string, ttlSeconds: number): number[] =>
  [...new Set([daysOf(ttlSeconds), ...RULE_DAYS])].filter((days) => ruleOf(rules, prefix, days) === undefined);

function refuseShorter(rules: readonly string[], bucket: string, prefix: string, days: number): void {
  const existing = ruleOf(rules, prefix, days);
  const daysThere = existing && elementText(elements(existing, "Expiration")[0] ?? "", "Days");
  if (existing === undefined || Number(daysThere) >= days) return;
  const id = JSON.stringify(elementText(existing, "ID") ?? "");
  throw invalidConfig(
    `The lifecycle rule ${id} of the bucket ${bucket} deletes objects after ${daysThere ?? "no"} days, and what ` +
      `has its tag needs ${days}. Change it, or remove it and call setup() again.`,
  );
}

/**
 * The rule that `setup()` installs for the saver's ttl, or one that does the same under another name, for example from
 * a CloudFormation template.
 */
export const expiryRule = (rules: readonly string[], prefix: string, ttlSeconds: number): string | undefined =>
  ruleOf(rules, prefix, daysOf(ttlSeconds));

const ruleOf = (rules: readonly string[], prefix: string, days: number): string | undefined =>
  rules.find(
    (rule) =>
      elementText(rule, "Prefix") === prefix &&
      elementText(rule, "Key") === TTL_TAG &&
      elementText(rule, "Value") === String(days) &&
      elementText(rule, "Status") === "Enabled",
  );
