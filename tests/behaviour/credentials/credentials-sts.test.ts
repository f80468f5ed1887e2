import { fromTemporaryCredentials, fromWebToken } from "langgraph-checkpoint-dynamodb/credentials";
import { describe, expect, test } from "vitest";
import { useFakeClock, useJitter } from "../../lanes/faults/clock.js";
import { issued, MASTER, ROLE, sts, WEB_TOKEN } from "../../lanes/servers/credential-services.js";
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

describe("fromWebToken", () => {
  const made = (options = {}) => {
    const service = sts();
    return {
      service,
      provider: fromWebToken({
        roleArn: ROLE,
        webIdentityToken: WEB_TOKEN,
        clientConfig: config,
        fetch: service.fetch,
        ...options,
      }),
    };
  };

  test("assumes a role by a token, without a signature", async () => {
    const { service, provider } = made({
      roleSessionName: "pod",
      durationSeconds: 900,
      policyArns: [{ arn: "arn:1" }],
    });

    expect(await provider()).toMatchObject(issued(1));

    expect(service.asked).toEqual(["POST sts.eu-west-1.amazonaws.com/ AssumeRoleWithWebIdentity"]);
    expect(await formOf(service.requests[0]!)).toMatchObject({
      RoleSessionName: "pod",
      DurationSeconds: "900",
      "PolicyArns.member.1.arn": "arn:1",
    });
  });

  test("reads the token anew for every renewal, without the line break of a file", async () => {
    const tokens = [`${WEB_TOKEN}\n`, "CanaryNewerToken"];
    const { service, provider } = made({ webIdentityToken: async () => tokens.shift()! });
    service.lifetimeMs = 60_000;

    await provider();
    await provider(); // within its last 5 minutes: STS does not take the newer one, so the old ones are kept

    expect(
      await Promise.all(service.requests.map(async (request) => (await formOf(request)).WebIdentityToken)),
    ).toEqual([WEB_TOKEN, "CanaryNewerToken"]);
  });

  test.each([
    ["an empty file", () => "\n", /webIdentityToken gave no token/],
    ["a token of two lines", () => "Canary1234567890\nCanary1234567890", /line break/],
    ["a function that fails", () => Promise.reject(new Error("no such file")), /the function webIdentityToken failed/],
  ])("sends nothing with %s", async (_, webIdentityToken, says) => {
    const { service, provider } = made({ webIdentityToken });

    expect(await errorOf(provider())).toMatchObject({ code: "CREDENTIALS", message: expect.stringMatching(says) });
    expect(service.asked).toEqual([]);
  });

  test("says what to do about a token that STS does not take, without the token", async () => {
    const { provider } = made({ webIdentityToken: "CanaryForeignToken" });

    expect(await errorOf(provider())).toMatchObject({
      serviceCode: "InvalidIdentityToken",
      message: expect.not.stringContaining("Canary"),
    });
  });

  test("takes for an error's name what looks like one, and nothing else", async () => {
    const { service, provider } = made();
    service.fault = () =>
      new Response("<ErrorResponse><Error><Code>no name: CanaryWebToken</Code></Error></ErrorResponse>", {
        status: 400,
      });

    expect(await errorOf(provider())).toMatchObject({
      status: 400,
      serviceCode: undefined,
      message: expect.not.stringContaining("Canary"),
    });
  });

  test("asks again when the identity provider could not be reached", async () => {
    const { service, provider } = made();
    service.fault = (_, number) =>
      number === 1
        ? new Response("<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>", {
            status: 400,
          })
        : undefined;

    expect(await provider()).toMatchObject(issued(1));
  });
});
