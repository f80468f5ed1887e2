import { getLifecycleRules } from "../../aws/s3/lifecycle.js";
import { elements, elementText } from "../../aws/s3/xml.js";
import { expiryRule } from "../../table/lifecycle-rule.js";
import { daysOf } from "../../payload/lifetime.js";
import { TTL_TAG } from "../../payload/offload.js";
import { PROGRAM } from "../help.js";
import { isDenied, skipped, ok, reported, wrong, warning, type Check, type Finding } from "./finding.js";
import type { Subject } from "./subject.js";

/** What a rule does to the saver's objects. */
interface Rule {
  id: string;
  /** Goes by the value of the saver's tag; `undefined` for all objects. */
  tag: string | undefined;
  /** After how many days it deletes; 0 on a date. */
  days: number | undefined;
  /** Moves objects to where they cannot be read at once. */
  archives: boolean;
}

/** Whether the bucket's lifecycle deletes what has expired, and nothing that has not. */
export async function* checkLifecycle({ s3, config: { s3: place } }: Subject, ttlSeconds: number | undefined): Check {
  try {
    const rules = await getLifecycleRules(s3!, place!.bucket);
    const findings = [...harm(rulesFor(rules, place!.prefix), ttlSeconds)];
    yield* findings;
    if (ttlSeconds !== undefined) {
      const days = daysOf(ttlSeconds);
      const rule = expiryRule(rules, place!.prefix, ttlSeconds);
      if (rule === undefined)
        yield wrong(
          "lifecycle",
          `No rule deletes objects under "${place!.prefix}" with the tag ${TTL_TAG}=${days}: they would stay.`,
          `${PROGRAM} setup --ttl …, with the same duration as here, installs it.`,
        );
      else if (findings.length === 0) {
        const id = JSON.stringify(elementText(rule, "ID") ?? "");
        yield ok("lifecycle", `The rule ${id} deletes objects ${days} days after they were stored.`);
      }
    } else if (findings.length === 0) yield ok("lifecycle", "No rule deletes what threads still need.");
  } catch (error) {
    const problem = reported(error);
    if (isDenied(problem))
      yield skipped("lifecycle", "These credentials may not do s3:GetLifecycleConfiguration, which only setup needs.");
    else
      yield warning(
        "lifecycle",
        problem.message,
        "Not every S3 has lifecycle rules. Without, objects stay until their thread is deleted.",
      );
  }
  return true;
}

/** Rules that take objects away from threads that need them. */
function* harm(rules: Rule[], ttlSeconds: number | undefined): Generator<Finding> {
  for (const { id, tag, days, archives } of rules) {
    const name = `The rule ${JSON.stringify(id)}`;
    if (archives)
      yield wrong(
        "lifecycle",
        `${name} moves objects to an archive, from which they cannot be read at once.`,
        "Leave the saver's prefix out of that rule.",
      );
    if (days === undefined) continue;
    const needed = tag === undefined ? ttlSeconds && daysOf(ttlSeconds) : Number(tag);
    if (needed && days >= needed) continue;
    const early = `${name} deletes objects after ${days} days`;
    if (needed)
      yield wrong(
        "lifecycle",
        `${early}, and threads need them for ${needed}.`,
        `Give it ${needed} days, or leave the saver's prefix out of it.`,
      );
    else
      yield warning(
        "lifecycle",
        `${early}, whether or not their thread lives.`,
        "Leave the saver's prefix out of that rule, or name the saver's ttlSeconds with --ttl to see whether it " +
          "is long enough.",
      );
  }
}

/** Rules that are switched on and can meet an object under the prefix. */
function rulesFor(rules: readonly string[], prefix: string): Rule[] {
  return rules.flatMap((rule) => {
    const of = elementText(rule, "Prefix") ?? "";
    const tags = elements(rule, "Tag").map((tag) => ({
      key: elementText(tag, "Key"),
      value: elementText(tag, "Value"),
    }));
    const meets = (of.startsWith(prefix) || prefix.startsWith(of)) && tags.every(({ key }) => key === TTL_TAG);
    if (!meets || elementText(rule, "Status") !== "Enabled") return [];
    const [expiration] = elements(rule, "Expiration");
    const deletes = expiration !== undefined && /<(Days|Date)>/.test(expiration);
    return {
      id: elementText(rule, "ID") ?? "",
      tag: tags[0]?.value,
      days: deletes ? Number(elementText(expiration, "Days") ?? 0) : undefined,
      archives: elements(rule, "Transition").some((transition) =>
        /GLACIER$|DEEP_ARCHIVE/.test(elementText(transition, "StorageClass") ?? ""),
      ),
    };
  });
}
