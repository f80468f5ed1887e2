import { expect } from "vitest";
import { operationsOf } from "../../lanes/stored/aws-requests.js";
import { useJitter } from "../../lanes/faults/clock.js";
import { onCeph } from "../../lanes/servers/real-servers.js";
import { newBucket } from "../../lanes/stored/s3-bucket.js";
import { newPlace, putLarge, saverAt } from "../../lanes/savers/s3-saver.js";

useJitter(0);

onCeph("every request to S3 signs its body and all of its x-amz headers", async () => {
  const bucket = await newBucket(`signed-${crypto.randomUUID()}`);
  const place = newPlace({ bucket });
  const watched = saverAt(place, undefined, { ttlSeconds: 86_400 });
  await watched.saver.setup();
  const { config } = await putLarge(watched);
  await saverAt(place, undefined, { ttlSeconds: 86_400 }).saver.getTuple(config);
  const reader = saverAt(place);
  await reader.saver.getTuple(config);
  await reader.saver.deleteThread("t");

  const requests = [...watched.sent, ...reader.sent].filter(({ headers }) => !headers.has("x-amz-target"));
  expect(new Set(operationsOf(requests))).toEqual(
    new Set([
      "GetBucketLifecycleConfiguration",
      "PutBucketLifecycleConfiguration",
      "PutObject",
      "GetObject",
      "DeleteObjects",
    ]),
  );
  for (const { headers, bytes } of requests) {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
    expect(headers.get("x-amz-content-sha256")).toBe(
      Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    );
    const signed = /SignedHeaders=([^,]+)/.exec(headers.get("authorization")!)![1]!.split(";");
    expect(signed).toEqual(expect.arrayContaining([...headers.keys()].filter((name) => name.startsWith("x-amz-"))));
  }
});

onCeph("the requests for which S3 wants a checksum have one, of their bodies", async () => {
  const bucket = await newBucket(`checksum-${crypto.randomUUID()}`);
  const { saver, sent } = saverAt(newPlace({ bucket }), undefined, { ttlSeconds: 86_400 });
  await saver.setup();
  await putLarge({ saver });
  await saver.deleteThread("t");

  const checked = sent.filter(
    ({ operation }) => operation === "DeleteObjects" || operation === "PutBucketLifecycleConfiguration",
  );
  expect(new Set(operationsOf(checked)).size).toBe(2);
  for (const { headers, bytes } of checked) {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
    expect(headers.get("x-amz-checksum-sha256")).toBe(btoa(String.fromCharCode(...hash)));
    expect(headers.get("x-amz-sdk-checksum-algorithm")).toBe("SHA256");
  }
});
