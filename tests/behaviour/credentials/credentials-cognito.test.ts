import { fromCognitoIdentityPool } from "langgraph-checkpoint-dynamodb/credentials";
import { describe, expect, test } from "vitest";
import { useFakeClock } from "../../lanes/faults/clock.js";
import { cognito, HOUR, issued, LOGIN, POOL, WEB_TOKEN } from "../../lanes/servers/credential-services.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";

/* Needs no server. */

useFakeClock();

function made(options = {}, service = cognito()) {
  return { service, provider: fromCognitoIdentityPool({ identityPoolId: POOL, fetch: service.fetch, ...options }) };
}

/** As `localStorage` is. */
function storage() {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
}

describe("fromCognitoIdentityPool", () => {
  test("gives a guest credentials, and says which identity it is", async () => {
    const { service, provider } = made();

    expect(await provider()).toMatchObject({ ...issued(1), identityId: "eu-west-1:guest-1" });

    expect(service.asked).toEqual([
      "POST cognito-identity.eu-west-1.amazonaws.com/ AWSCognitoIdentityService.GetId",
      "POST cognito-identity.eu-west-1.amazonaws.com/ AWSCognitoIdentityService.GetCredentialsForIdentity",
    ]);
  });

  test("asks in another region where it is told to", async () => {
    const { service, provider } = made({ clientConfig: { region: "cn-north-1" } });

    await provider();

    expect(service.asked[0]).toContain("cognito-identity.cn-north-1.amazonaws.com.cn/");
  });

  test("sends a user's tokens, fresh for every renewal", async () => {
    let read = 0;
    const { provider } = made({ logins: { [LOGIN]: async () => (read++, WEB_TOKEN) } });
    expect(await provider()).toMatchObject({ identityId: "eu-west-1:user" });

    const later = provider as (options: object) => Promise<unknown>;
    expect(await later({ forceRefresh: true })).toMatchObject(issued(2));

    expect(read).toBe(2);
  });

  test("keeps a guest's identity in the cache, as the AWS SDK does", async () => {
    const cache = storage();
    const { service, provider } = made({ cache });
    await provider();
    expect([...cache.items]).toEqual([[`aws:cognito-identity-credentials:${POOL}:ANONYMOUS`, "eu-west-1:guest-1"]]);

    const { provider: afterReload } = made({ cache }, service);

    expect(await afterReload()).toMatchObject({ identityId: "eu-west-1:guest-1" });
    expect(service.asked).toHaveLength(3);
  });

  test("keeps no user's identity where a guest's belongs", async () => {
    const cache = storage();

    await made({ cache, logins: { [LOGIN]: WEB_TOKEN } }).provider();

    expect(cache.items.size).toBe(0);
  });

  test("takes a new identity when the one in the cache was deleted", async () => {
    const cache = storage();
    const { service, provider } = made({ cache });
    await provider();
    service.deleted.add("eu-west-1:guest-1");

    expect(await made({ cache }, service).provider()).toMatchObject({ identityId: "eu-west-1:guest-2" });
    expect([...cache.items.values()]).toEqual(["eu-west-1:guest-2"]);
  });

  test.each([
    ["a pool without guests", {}, cognito({ guests: false }), "NotAuthorizedException", /allow guests/],
    [
      "a token that has expired",
      { logins: { [LOGIN]: "CanaryExpiredToken" } },
      cognito(),
      "NotAuthorizedException",
      /expired/,
    ],
    [
      "a pool that is not there",
      { identityPoolId: "eu-west-1:99999999-1111-2222-3333-444444444444" },
      cognito(),
      "ResourceNotFoundException",
      /no such pool/,
    ],
  ])("says what to do about %s", async (_, options, service, serviceCode, says) => {
    const error = await errorOf(made(options, service).provider());

    expect(error).toMatchObject({
      code: "CREDENTIALS",
      serviceCode,
      attempts: 1,
      message: expect.stringMatching(says),
    });
    expect(error.message).not.toContain("Canary");
  });

  test("reads the name of an error from the header too", async () => {
    const { service, provider } = made();
    service.fault = () =>
      new Response("{}", {
        status: 400,
        headers: { "x-amzn-errortype": "NotAuthorizedException:http://internal.amazon.com/coral/" },
      });

    expect(await errorOf(provider())).toMatchObject({ serviceCode: "NotAuthorizedException" });
  });

  test.each([
    ["no pool", undefined, /identityPoolId is missing/],
    ["a user pool's id", "eu-west-1_abc", /identityPoolId must be/],
  ])("refuses %s before anything is sent", (_, identityPoolId, says) => {
    expect(() => made({ identityPoolId })).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG", message: expect.stringMatching(says) }),
    );
  });

  test("takes Cognito's seconds for seconds", async () => {
    expect((await made().provider()).expiration).toEqual(new Date(Date.now() + HOUR));
  });
});
