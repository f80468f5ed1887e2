import { fromWebToken } from "langgraph-checkpoint-dynamodb/credentials";
import { describe, expect, test } from "vitest";
import { useFakeClock, useJitter } from "../../lanes/faults/clock.js";
import { issued, ROLE, sts, WEB_TOKEN } from "../../lanes/servers/credential-services.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";

/* Needs no server. */

useFakeClock();
useJitter(0);

const config = { region: "eu-west-1" };
const formOf = async (request: Request): Promise<Record<string, string>> =>
  Object.fromEntries(new URLSearchParams(await request.text()));

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
