import { describe, expect, inject, test } from "vitest";
import { awsError } from "../lanes/faults/faulty-fetch.js";
import { emptyThread, noise, putStep } from "../lanes/savers/checkpoints.js";
import { checksWith, examined } from "../lanes/run/doctor.js";
import { s3Error, xml, type AwsRequest, type Intercept } from "../lanes/stored/aws-requests.js";
import { createSaver, endpoint, type SaverOptions } from "../lanes/savers/harness.js";
import { deleteTable } from "../lanes/stored/raw-setup.js";
import { itemsWithPrefix, putRaw, type RawItem } from "../lanes/stored/raw-table.js";
import { createBucket, objectKeys } from "../lanes/stored/s3-client.js";
import { s3Options } from "../lanes/savers/s3-options.js";

const WEEK = 7 * 86_400;
const MINUTE = 60_000;
const newPrefix = (): string => `${crypto.randomUUID()}#`;

/** The name of a table that is set up with a ttl. */
async function newTable(): Promise<string> {
  const name = `doctor-${crypto.randomUUID()}`;
  await createSaver({ tableName: name, ttlSeconds: WEEK }).setup();
  return name;
}

const isS3 = ({ headers }: AwsRequest): boolean => !headers.has("x-amz-target");
/** Denies an action as IAM does, whatever it is about. */
const denying =
  (operation: string, isMeant: (request: AwsRequest) => boolean = () => true): Intercept =>
  (request) => {
    if (request.operation !== operation || !isMeant(request) || request.headers.get("authorization") === null)
      return undefined;
    return isS3(request)
      ? s3Error(403, "AccessDenied")
      : awsError("AccessDeniedException", { message: "User: arn:aws:iam::123456789012:user/x is not authorized" });
  };

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

test("trying the permissions stores nothing, not even for a moment", async () => {
  const keyPrefix = newPrefix();
  const stored: RawItem[] = [];
  const look: Intercept = async (request) => {
    const answer = await request.forward();
    if (request.body.includes('"probe"')) stored.push(...(await itemsWithPrefix(keyPrefix)));
    return answer;
  };

  const { sent } = await examined({ keyPrefix }, {}, look);

  expect(sent.filter(({ body }) => body.includes('"probe"')).length).toBeGreaterThan(5);
  expect(stored).toEqual([]);
});

describe("a permission that is missing is named, with the command that prints the policy, and stores nothing:", () => {
  test.each(["Query", "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "BatchWriteItem", "DeleteItem"])(
    "dynamodb:%s",
    async (operation) => {
      const keyPrefix = newPrefix();

      const report = await examined({ keyPrefix }, {}, denying(operation));

      expect(report.of(`dynamodb:${operation}`)).toMatchObject({
        status: "wrong",
        remedy: expect.stringMatching(`Allow dynamodb:${operation} .*setup --print iam`),
      });
      expect(checksWith(report, "wrong").filter((check) => check.startsWith("dynamodb:"))).toEqual([
        `dynamodb:${operation}`,
      ]);
      expect(report.of("round trip").status).toBe("skipped");
      expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
    },
  );

  test.each([
    ["s3:DeleteObject", denying("DeleteObjects"), ["s3:PutObject"]],
    ["s3:PutObject", denying("PutObject"), []],
    ["s3:GetObject", denying("GetObject"), []],
  ])("%s", async (action, intercept, unchecked) => {
    const s3 = s3Options();

    const report = await examined({ s3 }, {}, intercept);

    expect(report.of(action)).toMatchObject({ status: "wrong", remedy: expect.stringContaining(action) });
    expect(checksWith(report, "skipped").filter((check) => check.startsWith("s3:"))).toEqual(unchecked);
    expect(await objectKeys(inject("s3"), s3.prefix)).toEqual([]);
  });

  test("s3:PutObjectTagging is a warning: without it objects only do not expire", async () => {
    const report = await examined(
      { s3: s3Options() },
      {},
      denying("PutObject", ({ headers }) => headers.has("x-amz-tagging")),
    );

    expect(report.of("s3:PutObjectTagging")).toMatchObject({
      status: "warning",
      remedy: expect.stringContaining("Allow s3:PutObjectTagging"),
    });
    expect(report.of("s3:PutObject").status).toBe("ok");
  });

  test("those of setup are not, and what they would show is said not to be known", async () => {
    const setupOnly: Intercept = (request) =>
      denying("DescribeTable")(request) ??
      denying("DescribeTimeToLive")(request) ??
      denying("GetBucketLifecycleConfiguration")(request);
    const report = await examined({ s3: s3Options() }, {}, setupOnly);

    expect(checksWith(report, "wrong")).toEqual([]);
    expect(checksWith(report, "skipped")).toEqual(["identity", "table", "expiry", "lifecycle"]);
    expect(report.of("round trip").status).toBe("ok");
  });
});

describe("the clock", () => {
  const serverAhead = (ms: number): Partial<SaverOptions> => ({
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      const headers = new Headers(answer.headers);
      headers.set("date", new Date(Date.now() + ms).toUTCString());
      return new Response(await answer.arrayBuffer(), { status: answer.status, headers });
    },
  });

  test.each<[ahead: number, status: string, says: RegExp]>([
    [0, "ok", /agrees/],
    [2 * MINUTE, "warning", /1(19|20|21) s behind.*Over 5 minutes/],
    [-20 * MINUTE, "wrong", /1(199|200|201) s ahead of.*AWS refuses/],
  ])("with a server %d ms ahead is %s", async (ahead, status, says) => {
    const { of } = await examined(serverAhead(ahead));
    expect(of("clock")).toMatchObject({ status, finding: expect.stringMatching(says) });
    if (status !== "ok") expect(of("clock").remedy).toContain("NTP");
  });

  test("is not known where the server does not tell its time", async () => {
    const { of } = await examined({
      fetch: async (url, init) => new Response(await (await fetch(url, init)).arrayBuffer()),
    });
    expect(of("clock").status).toBe("skipped");
  });
});

describe("whose the credentials are", () => {
  /** AWS, as far as it concerns this: the table is the local one. */
  const aws = (sts: () => Response): Partial<SaverOptions> => ({
    endpoint: undefined,
    fetch: (url, init) => {
      const { hostname } = new URL(url);
      return hostname.startsWith("sts.") ? Promise.resolve(sts()) : fetch(endpoint(), init);
    },
  });

  test("STS says", async () => {
    const { of } = await examined(
      aws(() =>
        xml(
          "<GetCallerIdentityResponse><GetCallerIdentityResult>" +
            "<Arn>arn:aws:sts::123456789012:assumed-role/agent/x</Arn></GetCallerIdentityResult>" +
            "</GetCallerIdentityResponse>",
        ),
      ),
    );
    expect(of("identity")).toEqual({
      check: "identity",
      status: "ok",
      finding: "They are arn:aws:sts::123456789012:assumed-role/agent/x.",
    });
  });

  test.each<[code: string, remedy: RegExp]>([
    ["InvalidClientTokenId", /AWS_ACCESS_KEY_ID/],
    ["SignatureDoesNotMatch", /AWS_SECRET_ACCESS_KEY/],
    ["ExpiredToken", /Sign in again/],
  ])("where it answers %s, it is wrong, and the table is not asked", async (code, remedy) => {
    const report = await examined(
      aws(() =>
        xml(
          `<ErrorResponse><Error><Code>${code}</Code><Message>not to be shown</Message></Error></ErrorResponse>`,
          403,
        ),
      ),
    );
    expect(report.of("identity")).toMatchObject({
      status: "wrong",
      finding: expect.stringContaining(code),
      remedy: expect.stringMatching(remedy),
    });
    expect(report.of("table").status).toBe("skipped");
    expect(JSON.stringify(report.findings)).not.toContain("not to be shown");
  });

  test("where STS cannot be reached, all the rest is examined", async () => {
    const report = await examined(aws(() => { throw new TypeError("fetch failed"); })); // prettier-ignore
    expect(report.of("identity").status).toBe("skipped");
    expect(report.of("round trip").status).toBe("ok");
  });

  test("a provider that wants a new sign-in is quoted, and one that quotes its program is not", async () => {
    const provider = (message: string): Partial<SaverOptions> => ({
      credentials: () => Promise.reject(Object.assign(new Error(message), { name: "CredentialsProviderError" })),
    });

    const sso = await examined(provider("The SSO session has expired. Run aws sso login."));
    const program = await examined(provider("Command failed: get-keys --password hunter2"));

    expect(sso.of("credentials")).toMatchObject({
      status: "wrong",
      finding: expect.stringContaining("Run aws sso login."),
    });
    expect(program.of("credentials").status).toBe("wrong");
    expect(JSON.stringify(program.findings)).not.toContain("hunter2");
  });

  test("keys that DynamoDB does not know are about the credentials, not the table", async () => {
    const report = await examined({}, {}, ({ headers }) =>
      headers.has("x-amz-target") ? awsError("UnrecognizedClientException") : undefined,
    );
    expect(report.findings.find(({ status }) => status === "wrong")).toMatchObject({
      check: "credentials",
      finding: expect.stringContaining("does not know these credentials"),
    });
  });
});

describe("the table", () => {
  test("that is not there is wrong, and says how to create it", async () => {
    const report = await examined({ tableName: "no-such-table" });
    expect(report.of("table")).toMatchObject({
      status: "wrong",
      finding: 'There is no table "no-such-table" in us-east-1.',
      remedy: expect.stringContaining("setup --table no-such-table"),
    });
    expect(report.of("permissions").status).toBe("skipped");
  });

  test.each<[what: string, table: object, says: RegExp]>([
    [
      "with other keys",
      {
        TableStatus: "ACTIVE",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      },
      /has the keys id \(HASH, S\), but needs/,
    ],
    [
      "that is archived",
      {
        TableStatus: "ARCHIVED",
        KeySchema: [
          { AttributeName: "PK", KeyType: "HASH" },
          { AttributeName: "SK", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "PK", AttributeType: "S" },
          { AttributeName: "SK", AttributeType: "S" },
        ],
      },
      /is ARCHIVED/,
    ],
  ])("%s is wrong", async (_, Table, says) => {
    const { of } = await examined({}, {}, ({ operation }) =>
      operation === "DescribeTable" ? Response.json({ Table }) : undefined,
    );
    expect(of("table")).toMatchObject({
      status: "wrong",
      finding: expect.stringMatching(says),
      remedy: expect.any(String),
    });
  });

  test.each<[what: string, ttl: number | undefined, answer: object | undefined, status: string]>([
    ["without expiry is fine for a saver without ttlSeconds, and worth a warning", undefined, undefined, "warning"],
    ["without expiry is wrong for a saver with ttlSeconds", WEEK, undefined, "wrong"],
    [
      "that expires by another attribute is wrong",
      undefined,
      { TimeToLiveStatus: "ENABLED", AttributeName: "expires" },
      "wrong",
    ],
    [
      "that expires by the saver's attribute is fine",
      WEEK,
      { TimeToLiveStatus: "ENABLED", AttributeName: "ttl" },
      "ok",
    ],
  ])("%s", async (_, ttlSeconds, answer, status) => {
    const { of } = await examined({}, { ttlSeconds }, ({ operation }) =>
      answer && operation === "DescribeTimeToLive" ? Response.json({ TimeToLiveDescription: answer }) : undefined,
    );
    expect(of("expiry").status).toBe(status);
  });
});

describe("the endpoint", () => {
  test("where nothing listens is wrong, and no signed request goes there", async () => {
    const { findings, sent } = await examined({ endpoint: "http://127.0.0.1:9" });
    expect(findings.find(({ check }) => check === "endpoint")).toMatchObject({
      status: "wrong",
      finding: expect.stringMatching(/connection to http:\/\/127.0.0.1:9 failed/),
    });
    expect(sent.filter(({ headers }) => headers.has("authorization"))).toEqual([]);
  });

  test.each<[code: string, remedy: RegExp]>([
    ["ECONNREFUSED", /Nothing listens/],
    ["ENOTFOUND", /no such host/],
    ["CERT_HAS_EXPIRED", /certificate has expired/],
  ])("%s says what it means", async (code, remedy) => {
    const { of } = await examined({}, {}, () =>
      Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error(), { code }) })),
    );
    expect(of("endpoint")).toMatchObject({
      status: "wrong",
      finding: expect.stringContaining(`(${code})`),
      remedy: expect.stringMatching(remedy),
    });
  });

  test("that answers with a redirect is wrong", async () => {
    const { of } = await examined(
      {},
      {},
      () => new Response(null, { status: 302, headers: { location: "https://login.example/" } }),
    );
    expect(of("endpoint")).toMatchObject({ status: "wrong", finding: expect.stringContaining("redirect") });
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

describe("the bucket", () => {
  test("that is not there is wrong", async () => {
    const { of } = await examined({ s3: s3Options({ bucket: "no-such-bucket-of-the-doctor" }) });
    expect(of("bucket")).toMatchObject({
      status: "wrong",
      finding: 'There is no bucket "no-such-bucket-of-the-doctor".',
      remedy: expect.stringContaining("setup --print"),
    });
  });

  test("of another region is wrong", async () => {
    const { of } = await examined({ s3: s3Options() }, {}, (request) =>
      isS3(request) && request.headers.has("authorization") ? new Response(null, { status: 301 }) : undefined,
    );
    expect(of("bucket")).toMatchObject({ status: "wrong", remedy: expect.stringContaining("--s3-region") });
  });

  test("that allows no page of this origin is wrong, and says which rule to add", async () => {
    const report = await examined({ s3: s3Options() }, { origin: "https://elsewhere.example" });
    const [table, bucket] = report.findings.filter(({ check }) => check === "CORS");
    expect(table).toMatchObject({
      status: "wrong",
      remedy: expect.stringContaining("-cors https://elsewhere.example"),
    });
    expect(bucket).toMatchObject({
      status: "wrong",
      remedy: expect.stringContaining("AllowedOrigins https://elsewhere.example"),
    });
  });
});

describe("a lifecycle rule", () => {
  const expiring = (filter: string, days: number, more = ""): string =>
    `<Rule><ID>r</ID><Filter>${filter}</Filter><Status>Enabled</Status><Expiration><Days>${days}</Days>` +
    `</Expiration>${more}</Rule>`;
  const ofTag = (days: number): string =>
    `<And><Prefix>p/</Prefix><Tag><Key>ttl-days</Key><Value>${days}</Value></Tag></And>`;
  const statusesWith = async (rules: string, ttlSeconds?: number): Promise<string[]> => {
    const answer: Intercept = ({ operation }) =>
      operation === "GetBucketLifecycleConfiguration"
        ? xml(`<LifecycleConfiguration>${rules}</LifecycleConfiguration>`)
        : undefined;
    const { findings } = await examined({ s3: s3Options({ prefix: "p/" }) }, { ttlSeconds }, answer);
    return findings.filter(({ check }) => check === "lifecycle").map(({ status }) => status);
  };

  test.each<[what: string, rules: string, ttl: number | undefined, statuses: string[]]>([
    ["that setup installs is fine", expiring(ofTag(11), 11), WEEK, ["ok"]],
    ["for another ttl is not enough", expiring(ofTag(2), 2), WEEK, ["wrong"]],
    ["that is missing is wrong with a ttl", "", WEEK, ["wrong"]],
    ["that is missing is fine without", "", undefined, ["ok"]],
    ["that deletes before its tag's days are over is wrong", expiring(ofTag(11), 3), WEEK, ["wrong"]],
    [
      "for all objects that is too short is wrong",
      expiring("<Prefix></Prefix>", 5) + expiring(ofTag(11), 11),
      WEEK,
      ["wrong"],
    ],
    [
      "for all objects is worth a warning where no ttl is known",
      expiring("<Prefix>p/</Prefix>", 30),
      undefined,
      ["warning"],
    ],
    ["of another prefix does not matter", expiring("<Prefix>logs/</Prefix>", 1), undefined, ["ok"]],
    ["of another tag does not matter", expiring("<Tag><Key>kind</Key><Value>tmp</Value></Tag>", 1), undefined, ["ok"]],
    [
      "that is switched off does not matter",
      expiring("<Prefix></Prefix>", 1).replace("Enabled", "Disabled"),
      undefined,
      ["ok"],
    ],
    [
      "that moves objects to an archive is wrong",
      "<Rule><ID>r</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Transition><Days>30</Days>" +
        "<StorageClass>GLACIER</StorageClass></Transition></Rule>",
      undefined,
      ["wrong"],
    ],
  ])("%s", async (_, rules, ttl, statuses) => {
    expect(await statusesWith(rules, ttl)).toEqual(statuses);
  });
});

describe("the key prefix", () => {
  test("that IAM enforces is said to be", async () => {
    const keyPrefix = newPrefix();
    const outside = denying("GetItem", ({ body }) => !body.includes(keyPrefix));
    expect((await examined({ keyPrefix }, {}, outside)).of("isolation")).toMatchObject({
      status: "ok",
      finding: expect.stringContaining("IAM keeps these credentials"),
    });
    expect((await examined({ keyPrefix })).of("isolation")).toMatchObject({
      status: "ok",
      finding: expect.stringContaining("IAM does not"),
    });
  });

  test("without a separator at its end is worth a warning", async () => {
    const { of } = await examined({ keyPrefix: `${crypto.randomUUID()}tenant-1` });
    expect(of("isolation")).toMatchObject({ status: "warning", finding: expect.stringContaining("no separator") });
  });
});

describe("the list of threads", () => {
  const entry = (keyPrefix: string, shard: number, id: string, created: string): RawItem => ({
    PK: { S: `${keyPrefix}THREADS#${shard}` },
    SK: { S: id },
    created: { S: created },
    born: { B: "AAAA" },
  });
  const old = "2026-01-02T00:00:00.000Z";

  test("with an entry whose thread is gone is worth a warning, unless the entry is new", async () => {
    const keyPrefix = newPrefix();
    await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 });
    const [marker] = await itemsWithPrefix(keyPrefix).then((items) =>
      items.filter(({ PK }) => PK!.S!.includes("THREADS#")),
    );
    const shard = Number(marker!.PK!.S!.split("#").at(-1));
    // "t" is in the right place of the list, so a thread of the same id under another prefix is too.
    const other = newPrefix();
    await putRaw(entry(other, shard, "t", new Date().toISOString()));
    expect((await examined({ keyPrefix: other })).of("threads").status).toBe("ok");
    await putRaw(entry(other, shard, "t", old));
    expect((await examined({ keyPrefix: other })).of("threads")).toMatchObject({
      status: "warning",
      finding: expect.stringContaining('such as "t"'),
    });
    await putRaw(entry(other, (shard + 1) % 8, "t", old));
    const { findings } = await examined({ keyPrefix: other });
    expect(findings).toContainEqual(
      expect.objectContaining({ check: "threads", status: "wrong", finding: expect.stringContaining("wrong place") }),
    );
  });

  test("with a thread that needs another key is wrong, and says which option is missing", async () => {
    const keyPrefix = newPrefix();
    const key = crypto.getRandomValues(new Uint8Array(32));
    await putStep(createSaver({ keyPrefix, encryption: { key } }), emptyThread("secret"), { n: 1 });

    const without = await examined({ keyPrefix });
    const wrong = await examined({ keyPrefix, encryption: { key: new Uint8Array(32).fill(7) } });
    const right = await examined({ keyPrefix, encryption: { key } });

    for (const { of } of [without, wrong])
      expect(of("state")).toMatchObject({ status: "wrong", remedy: expect.stringContaining("--encryption-key-file") });
    expect(right.of("state").status).toBe("ok");
  });
});
