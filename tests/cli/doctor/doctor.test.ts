import { describe, expect, inject, test } from "vitest";
import { awsError } from "../../lanes/faults/faulty-fetch.js";
import { emptyThread, noise, putStep } from "../../lanes/savers/checkpoints.js";
import { checksWith, examined } from "../../lanes/run/doctor.js";
import type { Intercept } from "../../lanes/stored/aws-requests.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { deleteTable } from "../../lanes/stored/raw-setup.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { createBucket, objectKeys } from "../../lanes/stored/s3-client.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { WEEK, newPrefix } from "./denying.js";

/** The name of a table that is set up with a ttl. */
async function newTable(): Promise<string> {
  const name = `doctor-${crypto.randomUUID()}`;
  await createSaver({ tableName: name, ttlSeconds: WEEK }).setup();
  return name;
}

describe("where all is well", () => {
  test("nothing is wrong, each action is known to be allowed, and nothing is left behind", async () => {
    const table = await newTable();
    const keyPrefix = newPrefix();
    const s3 = s3Options({ bucket: await createBucket(inject("s3"), `doctor-${crypto.randomUUID()}`) });
    await createSaver({ tableName: table, ttlSeconds: WEEK, s3 }).setup();

    const report = await examined(
      { tableName: table, keyPrefix, s3 },
      { ttlSeconds: WEEK, origin: inject("s3").pageOrigin },
    );
    await deleteTable(table);

    expect(report.findings.filter(({ status }) => status !== "ok")).toEqual([
      { check: "identity", status: "skipped", finding: expect.stringContaining("not one of AWS") },
    ]);
    expect(checksWith(report, "ok")).toEqual([
      ...["options", "endpoint", "clock", "credentials", "table", "expiry"],
      ...["Query", "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "BatchWriteItem", "DeleteItem"].map(
        (action) => `dynamodb:${action}`,
      ),
      ...[
        "round trip",
        "isolation",
        "threads",
        "bucket",
        "s3:DeleteObject",
        "s3:PutObject",
        "s3:GetObject",
        "s3:PutObjectTagging",
        "lifecycle",
        "CORS",
        "CORS",
      ],
    ]);
    expect(await objectKeys(inject("s3"), s3.prefix, s3.bucket)).toEqual([]);
  });

  test("the threads of live agents stay as they are, and their state is read", async () => {
    const keyPrefix = newPrefix();
    const step = await putStep(createSaver({ keyPrefix }), emptyThread("live"), { n: noise(9_000) });
    const before = await itemsWithPrefix(keyPrefix);

    const report = await examined({ keyPrefix });

    expect(checksWith(report, "wrong")).toEqual([]);
    expect(report.of("state").finding).toBe("The latest state of 1 threads can be read.");
    expect(await itemsWithPrefix(keyPrefix)).toEqual(before);
    expect((await createSaver({ keyPrefix }).getTuple(step.config))?.checkpoint.channel_values).toEqual({
      n: noise(9_000),
    });
  });

  test("only the last four characters of the access key are shown", async () => {
    const { of } = await examined({
      credentials: { accessKeyId: "AKIDEXAMPLE1234", secretAccessKey: "topSecretSecret" },
    });
    expect(of("credentials").finding).toBe("They are there: access key …1234, long-lived.");
  });
});

describe("it leaves nothing behind", () => {
  test("whichever request is refused at every attempt of a check", async () => {
    const { sent } = await examined({ s3: s3Options() });
    expect(sent.length).toBeGreaterThan(30);
    for (let cut = 1; cut <= sent.length; cut++) {
      const [keyPrefix, s3] = [newPrefix(), s3Options()];
      // It is tried twice; what deletes is tried more often.
      const refuse: Intercept = ({ number }) =>
        number === cut || number === cut + 1 ? new Response(null, { status: 500 }) : undefined;
      await examined({ keyPrefix, s3 }, {}, refuse);
      const left = [...(await itemsWithPrefix(keyPrefix)), ...(await objectKeys(inject("s3"), s3.prefix))];
      expect(left, `after request ${cut}, ${sent[cut - 1]!.operation}`).toEqual([]);
    }
  });

  test(
    "but says what is left where nothing can be deleted any more, how to delete it, and lets " + "it expire",
    async () => {
      const [keyPrefix, s3] = [newPrefix(), s3Options()];
      let stored = false;
      const refuse: Intercept = ({ operation, body }) => {
        stored ||= operation === "PutItem" && !body.includes("attribute_exists");
        return stored && /Delete|BatchWrite/.test(operation) && !/probe/.test(body)
          ? awsError("AccessDeniedException")
          : undefined;
      };

      const { of } = await examined({ keyPrefix, s3 }, {}, refuse);

      expect(of("round trip")).toMatchObject({
        status: "wrong",
        finding: expect.stringMatching(/doctor-[0-9a-f-]+ could not be deleted/),
        remedy: expect.stringMatching(/expires within the hour.*delete doctor-[0-9a-f-]+ --yes/),
      });
      const left = await itemsWithPrefix(keyPrefix);
      expect(left).not.toEqual([]);
      for (const { ttl } of left) expect(Number(ttl?.N)).toBeLessThan(Date.now() / 1_000 + 2 * 3_600);
    },
  );

  test("when somebody interrupts between storing and deleting", async () => {
    const keyPrefix = newPrefix();
    const controller = new AbortController();
    const interrupt: Intercept = ({ operation, body }) => {
      if (operation === "PutItem" && !body.includes("attribute_exists")) controller.abort();
      return undefined;
    };

    await expect(examined({ keyPrefix, signal: controller.signal }, {}, interrupt)).rejects.toMatchObject({
      code: "ABORTED",
    });

    expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
  });

  test("when somebody interrupts after an object was stored", async () => {
    const s3 = s3Options();
    const controller = new AbortController();
    const interrupt: Intercept = async (request) => {
      const answer = await request.forward();
      if (request.operation === "PutObject") controller.abort();
      return answer;
    };

    await expect(examined({ s3, signal: controller.signal }, {}, interrupt)).rejects.toMatchObject({ code: "ABORTED" });

    expect(await objectKeys(inject("s3"), s3.prefix)).toEqual([]);
  });
});

test("options that the saver refuses are wrong, with what to write instead, and nothing is sent", async () => {
  const { findings, sent } = await examined({ endpoint: "http://example.com" });
  expect(findings).toEqual([
    {
      check: "options",
      status: "wrong",
      finding: expect.stringContaining("must be https"),
      remedy: expect.stringMatching(/^Plain http is for this machine.*On the command line: --allow-insecure-endpoint$/),
    },
  ]);
  expect(sent).toEqual([]);
});
