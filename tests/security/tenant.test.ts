import type { Fetch } from "langgraph-checkpoint-dynamodb";
import { expect, test } from "vitest";
import { intercepted } from "../lanes/stored/aws-requests.js";
import { collect, emptyThread, noise, putStep, valuesAt, type Step } from "../lanes/savers/checkpoints.js";
import { errorOf } from "../lanes/faults/faulty-fetch.js";
import { createSaver } from "../lanes/savers/harness.js";
import { itemsOf, itemsWithPrefix, putRaw } from "../lanes/stored/raw-table.js";
import { newPrefix } from "../lanes/stored/requests.js";
import { createStore } from "../lanes/savers/stores.js";

/*
 * A tenant has credentials for the partitions of its own keyPrefix, by `dynamodb:LeadingKeys`, and knows what another
 * tenant has stored, as bytes. Both have savers with one key, as tenants of one application do.
 */

const encryption = { key: noise(32, 41) };

/** DynamoDB as the tenant has it. */
function policy(keyPrefix: string): { fetch: Fetch; partitions: Set<string> } {
  const partitions = new Set<string>();
  const { fetch } = intercepted(({ body }) => {
    for (const [, partition] of body.matchAll(/"(?:PK|:pk)":\{"S":"([^"]*)"\}/g)) {
      partitions.add(partition!);
      if (!partition!.startsWith(keyPrefix))
        return Response.json(
          { __type: "com.amazon.coral.service#AccessDeniedException", message: "no" },
          { status: 400 },
        );
    }
    return undefined;
  });
  return { fetch, partitions };
}

async function twoTenants(): Promise<{
  own: string;
  other: string;
  step: Step;
  fetch: Fetch;
  partitions: Set<string>;
}> {
  const [own, other] = [newPrefix(), newPrefix()];
  const step = await putStep(createSaver({ keyPrefix: other, encryption }), emptyThread("s"), { secret: "tea" });
  return { own, other, step, ...policy(own) };
}

test("no id of a tenant's choice leads out of its own partitions", async () => {
  const { own, other, fetch, partitions } = await twoTenants();
  const saver = createSaver({ keyPrefix: own, encryption, fetch });
  for (const id of [`${other}T#s`, "#T#s", `../${other}T#s`, "%23T%23s", `\u0000${other}`, "x".repeat(5_000)]) {
    const step = await putStep(saver, emptyThread(id), { n: 1 });
    expect(await valuesAt(saver, step.config)).toEqual({ n: 1 });
    await createStore({ keyPrefix: own, fetch }).put([id.replace(/[^\w#%/-]/g, "-")], id, { n: 1 });
    await saver.deleteThread(id);
  }

  expect([...partitions].filter((partition) => !partition.startsWith(own))).toEqual([]);
  expect(await itemsWithPrefix(`${other}T#`)).toHaveLength(2);
});

test("another tenant's partition is refused by DynamoDB itself", async () => {
  const { other, fetch, step } = await twoTenants();

  expect(await errorOf(createSaver({ keyPrefix: other, encryption, fetch }).getTuple(step.config))).toMatchObject({
    code: "ACCESS_DENIED",
  });
});

test("another tenant's stored bytes are not read in the own partition", async () => {
  const { own, other, step } = await twoTenants();
  for (const item of await itemsOf(other, "s")) await putRaw({ ...item, PK: { S: `${own}T#s` } });

  expect(await errorOf(createSaver({ keyPrefix: own, encryption }).getTuple(step.config))).toMatchObject({
    code: "DECRYPTION_FAILED",
  });
});

test("nor are they when they are wrapped as an export, whatever that says of itself", async () => {
  const { own, other, step, fetch } = await twoTenants();
  const [head, ...lines] = await collect(createSaver({ keyPrefix: other, encryption }).exportThread("s"));
  const said = JSON.parse(head!) as Record<string, unknown>;
  const saver = createSaver({ keyPrefix: own, encryption, fetch });
  const heads = [said, { ...said, threadId: `${other}T#s` }, { ...said, threadId: "mine" }];
  for (const one of heads)
    expect(await errorOf(saver.importThread([JSON.stringify(one), ...lines], { threadId: "mine" }))).toMatchObject({
      code: "INVALID_INPUT",
    });
  const renamed = { ...said, partition: `${own}T#s` };

  expect(await errorOf(saver.importThread([JSON.stringify(renamed), ...lines], { threadId: "mine" }))).toMatchObject({
    code: "DECRYPTION_FAILED",
  });
  expect(await saver.getTuple({ configurable: { ...step.config.configurable, thread_id: "mine" } })).toBeUndefined();
  expect(await itemsWithPrefix(own)).toEqual([]);
});
