import { sha256Name } from "../aws/sha256.js";
import { elements, textOf } from "../aws/xml.js";
import { invalidConfig } from "../errors.js";
import { daysOf } from "./lifetime.js";
import { TTL_TAG, type Offload } from "./offload.js";

/**
 * Makes sure that objects of the saver's ttl expire: a lifecycle rule of our own beside those of others.
 * @returns the rule's id, and whether it had to be installed
 * @throws DynamoDBSaverError `INVALID_CONFIG` if such a rule is there and deletes earlier
 */
export async function installRule({ s3, options: { bucket, prefix } }: Offload, ttlSeconds: number): Promise<{ id: string; installed: boolean }> {
  const days = daysOf(ttlSeconds);
  const rules = await s3.getLifecycleRules(bucket);
  const existing = expiryRule(rules, prefix, ttlSeconds);
  if (existing !== undefined) {
    const id = textOf(existing, "ID") ?? "";
    const daysThere = textOf(elements(existing, "Expiration")[0] ?? "", "Days");
    if (Number(daysThere) >= days) return { id, installed: false };
    throw invalidConfig(`The lifecycle rule ${JSON.stringify(id)} of the bucket ${bucket} deletes objects after ${daysThere ?? "no"} days, and ttlSeconds needs ${days}. Change it, or remove it and call setup() again.`);
  }

  const id = `langgraph-checkpoint-dynamodb-${(await sha256Name(prefix)).slice(0, 8)}-${days}-days`;
  const filter = `<And><Prefix>${prefix}</Prefix><Tag><Key>${TTL_TAG}</Key><Value>${days}</Value></Tag></And>`;
  const rule = `<Rule><ID>${id}</ID><Filter>${filter}</Filter><Status>Enabled</Status><Expiration><Days>${days}</Days></Expiration></Rule>`;
  await s3.putLifecycleRules(bucket, [...rules.filter((other) => textOf(other, "ID") !== id), rule]);
  return { id, installed: true };
}

/** The rule that `setup()` installs, or one that does the same under another name, for example from a CloudFormation template. */
export function expiryRule(rules: readonly string[], prefix: string, ttlSeconds: number): string | undefined {
  const days = String(daysOf(ttlSeconds));
  return rules.find((rule) => textOf(rule, "Prefix") === prefix && textOf(rule, "Key") === TTL_TAG && textOf(rule, "Value") === days && textOf(rule, "Status") === "Enabled");
}
