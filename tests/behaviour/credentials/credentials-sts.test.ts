import { fromTemporaryCredentials } from "langgraph-checkpoint-dynamodb/credentials";
import { describe, expect, test } from "vitest";
import { useFakeClock, useJitter } from "../../lanes/faults/clock.js";
import { issued, MASTER, ROLE, sts } from "../../lanes/servers/credential-services.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";

/* Needs no server. */

useFakeClock();
useJitter(0);

const config = { region: "eu-west-1" };
const formOf = async (request: Request): Promise<Record<string, string>> =>
  Object.fromEntries(new URLSearchParams(await request.text()));

describe("fromTemporaryCredentials", () => {
  const made = (params = {}, options = {}) => {
    const service = sts();
    return {
      service,
      provider: fromTemporaryCredentials({
        params: { RoleArn: ROLE, ...params },
        masterCredentials: MASTER,
        clientConfig: config,
        fetch: service.fetch,
        ...options,
      }),
    };
  };

  test("assumes a role by a request that the master credentials sign", async () => {
    const { service, provider } = made();

    expect(await provider()).toMatchObject(issued(1));

    expect(service.asked).toEqual(["POST sts.eu-west-1.amazonaws.com/ AssumeRole"]);
  });

  test("sends every parameter in AWS's form", async () => {
    const params = {
      RoleSessionName: "me",
      DurationSeconds: 900,
      ExternalId: "a&b=ü",
      Policy: '{"Version":"2012-10-17"}',
      PolicyArns: [{ arn: "arn:1" }, { arn: "arn:2" }],
      Tags: [{ Key: "tenant", Value: "a b+c" }],
      TransitiveTagKeys: ["tenant"],
    };
    const { service, provider } = made(params);

    await provider();

    expect(await formOf(service.requests[0]!)).toEqual({
      Action: "AssumeRole",
      Version: "2011-06-15",
      RoleArn: ROLE,
      RoleSessionName: "me",
      DurationSeconds: "900",
      ExternalId: "a&b=ü",
      Policy: '{"Version":"2012-10-17"}',
      "PolicyArns.member.1.arn": "arn:1",
      "PolicyArns.member.2.arn": "arn:2",
      "Tags.member.1.Key": "tenant",
      "Tags.member.1.Value": "a b+c",
      "TransitiveTagKeys.member.1": "tenant",
    });
  });

  test.each([
    ["us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"],
    ["cn-north-1", "sts.cn-north-1.amazonaws.com.cn"],
  ])("asks in the region and partition %s", async (region, host) => {
    const { service, provider } = made({}, { clientConfig: { region } });

    await provider();

    expect(service.asked).toEqual([`POST ${host}/ AssumeRole`]);
  });

  test("renews the master credentials too", async () => {
    let asked = 0;
    const { provider } = made(
      {},
      { masterCredentials: async () => (asked++, { ...MASTER, expiration: new Date(Date.now() + 60_000) }) },
    );

    await provider();
    await provider.call(undefined, ...([{ forceRefresh: true }] as unknown as []));

    expect(asked).toBe(2);
  });

  test("signs with the server's time when this machine's clock is wrong", async () => {
    const { service, provider } = made();
    const header = new Date(Date.now() + 3_600_000).toUTCString();
    service.fault = (_, number) =>
      number === 1
        ? new Response("<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>", {
            status: 403,
            headers: { date: header },
          })
        : undefined;

    await provider();

    const [before, after] = service.requests.map(({ headers }) => headers.get("x-amz-date")!.slice(9, 11));
    expect((Number(after) - Number(before) + 24) % 24).toBe(1);
  });

  test("says what to do when the master credentials may not assume it, without what STS said", async () => {
    const { provider } = made({ RoleArn: "arn:aws:iam::123456789012:role/other" });

    const error = await errorOf(provider());

    expect(error).toMatchObject({
      code: "CREDENTIALS",
      provider: "fromTemporaryCredentials",
      status: 403,
      serviceCode: "AccessDenied",
      attempts: 1,
      message: expect.stringMatching(/sts:AssumeRole.*trust policy/),
    });
    expect(JSON.stringify(error) + error.message).not.toContain("Canary");
  });

  test("says that the master credentials are wrong", async () => {
    const { provider } = made({}, { masterCredentials: { ...MASTER, secretAccessKey: "CanaryOtherSecret" } });

    expect(await errorOf(provider())).toMatchObject({
      serviceCode: "SignatureDoesNotMatch",
      message: expect.stringContaining("master credentials are unknown or wrong"),
    });
  });

  test.each([
    ["no role", { params: {} }, /params\.RoleArn is missing/],
    [
      "half of the master credentials",
      { masterCredentials: { accessKeyId: "A" } },
      /masterCredentials: got no secretAccessKey/,
    ],
    [
      "plain http to another host",
      { clientConfig: { region: "us-east-1", endpoint: "http://sts.example.com" } },
      /clientConfig\.endpoint must be https/,
    ],
    [
      "a text in place of yes or no",
      {
        clientConfig: {
          region: "us-east-1",
          endpoint: "http://sts.example.com",
          allowInsecureEndpoint: "false",
        } as never,
      },
      /clientConfig\.allowInsecureEndpoint must be a boolean/,
    ],
    ["a region that would change the host", { clientConfig: { region: "evil.example/" } }, /not an AWS region/],
    ["an endless timeout", { timeout: Infinity }, /timeout must be/],
    ["endless retries", { maxRetries: 11 }, /maxRetries must be/],
    ["a fetch that is a string", { fetch: "x" }, /fetch must be a function/],
  ])("refuses %s before anything is sent", (_, options, says) => {
    expect(() => made({}, options)).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG", message: expect.stringMatching(says) }),
    );
  });
});
