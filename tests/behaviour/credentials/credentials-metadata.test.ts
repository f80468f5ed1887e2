import { fromContainerMetadata, fromInstanceMetadata } from "langgraph-checkpoint-dynamodb/credentials";
import { describe, expect, test } from "vitest";
import { useFakeClock, useJitter } from "../../lanes/faults/clock.js";
import { AGENT_TOKEN, containerAgent, instanceMetadata, issued } from "../../lanes/servers/credential-services.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";

/* Needs no server. */

useFakeClock();
useJitter(0);

describe("fromInstanceMetadata", () => {
  const made = (options = {}, service = instanceMetadata()) => ({
    service,
    provider: fromInstanceMetadata({ env: {}, fetch: service.fetch, ...options }),
  });

  test("takes a session token, the role's name, and its credentials", async () => {
    const { service, provider } = made();

    expect(await provider()).toMatchObject(issued(1));

    expect(service.asked).toEqual([
      "PUT 169.254.169.254/latest/api/token",
      "GET 169.254.169.254/latest/meta-data/iam/security-credentials/",
      "GET 169.254.169.254/latest/meta-data/iam/security-credentials/checkpoints-role",
    ]);
  });

  test("does not ask for the role's name when it is given", async () => {
    const { service, provider } = made({ profile: "checkpoints-role" });

    await provider();

    expect(service.asked).toHaveLength(2);
  });

  test.each([
    ["by IPv6", { env: { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv6" } }, "[fd00:ec2::254]"],
    ["at another address", { endpoint: "http://127.0.0.1:1338/" }, "127.0.0.1:1338"],
  ])("asks %s", async (_, options, host) => {
    const { service, provider } = made(options);

    await provider();

    expect(service.asked[0]).toBe(`PUT ${host}/latest/api/token`);
  });

  test.each([400, 403, 404, 405])("never falls back to IMDSv1 when the token is refused with %i", async (status) => {
    const { service, provider } = made();
    service.fault = () => new Response(null, { status });

    expect(await errorOf(provider())).toMatchObject({ code: "CREDENTIALS", status, attempts: 1 });
    expect(service.asked).toEqual(["PUT 169.254.169.254/latest/api/token"]);
  });

  test("names the hop limit when the token does not arrive", async () => {
    const { service, provider } = made({ maxRetries: 1 });
    service.fault = () => Promise.reject(new TypeError("fetch failed"));

    expect(await errorOf(provider())).toMatchObject({
      attempts: 2,
      tryNextLink: true,
      message: expect.stringContaining("http-put-response-hop-limit 2"),
    });
  });

  test("says that an instance has no role", async () => {
    expect(await errorOf(made({}, instanceMetadata("")).provider())).toMatchObject({
      status: 404,
      message: expect.stringContaining("instance profile"),
    });
  });

  test.each(["../../user-data", "a\nb", "<html>"])("takes %j for no role's name", async (name) => {
    const { service, provider } = made({ maxRetries: 0 });
    service.fault = (_, number) => (number === 2 ? new Response(name) : undefined);

    expect(await errorOf(provider())).toMatchObject({ message: expect.stringContaining("could not be read") });
    expect(service.asked).toHaveLength(2);
  });

  test("says that the service could not assume the role", async () => {
    const { service, provider } = made();
    service.fault = (_, number) =>
      number === 3 ? Response.json({ Code: "AssumeRoleUnauthorizedAccess", Message: "Canary1234567890" }) : undefined;

    expect(await errorOf(provider())).toMatchObject({
      message: expect.stringMatching(/AssumeRoleUnauthorizedAccess.*trust policy/),
    });
  });

  test("sends nothing where AWS_EC2_METADATA_DISABLED forbids it", async () => {
    const { service, provider } = made({ env: { AWS_EC2_METADATA_DISABLED: "true" } });

    expect(await errorOf(provider())).toMatchObject({ code: "CREDENTIALS", tryNextLink: true });
    expect(service.asked).toEqual([]);
  });

  test("takes no text for a yes", () => {
    expect(() => made({ endpoint: "http://metadata.example.com", allowInsecureEndpoint: "false" as never })).toThrow(
      expect.objectContaining({
        code: "INVALID_CONFIG",
        message: expect.stringContaining("allowInsecureEndpoint must be a boolean"),
      }),
    );
  });

  test.each([
    "http://metadata.example.com",
    "http://169.254.169.253",
    "http://169.254.169.254.example.com",
    "ftp://127.0.0.1",
  ])("sends nothing to %s", async (endpoint) => {
    const { service, provider } = made({ endpoint });

    expect(await errorOf(provider())).toMatchObject({
      code: "CREDENTIALS",
      message: expect.stringContaining("must be https"),
    });
    expect(service.asked).toEqual([]);
  });
});

describe("fromContainerMetadata", () => {
  const made = (env: object, options = {}, service = containerAgent()) => ({
    service,
    provider: fromContainerMetadata({ env, fetch: service.fetch, ...options }),
  });

  test("asks the agent of ECS at the path that it gave", async () => {
    const { service, provider } = made({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/1?a=b" });

    expect(await provider()).toMatchObject(issued(1));

    expect(service.requests[0]!.url).toBe("http://169.254.170.2/v2/credentials/1?a=b");
  });

  test.each([
    "http://169.254.170.23/v1/credentials",
    "http://[fd00:ec2::23]/v1/credentials",
    "http://169.254.170.2/x",
    "http://127.0.0.1:8080/x",
    "http://localhost/x",
    "https://agent.example.com/x",
  ])("asks at %s", async (url) => {
    const { service, provider } = made({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url });

    await provider();

    expect(service.requests[0]!.url).toBe(url);
  });

  test.each([
    "http://agent.example.com/",
    "http://169.254.169.254/",
    "http://169.254.170.2.example.com/",
    "http://10.0.0.1/",
    "file:///etc/passwd",
  ])("sends no token to %s", async (url) => {
    const { service, provider } = made({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: AGENT_TOKEN,
    });

    expect(await errorOf(provider())).toMatchObject({
      code: "CREDENTIALS",
      message: expect.stringMatching(/must be https.*169\.254\.170\.23/),
    });
    expect(service.asked).toEqual([]);
  });

  test.each(["@evil.example/", ".evil.example/", ":80@evil.example/", "v2"])("takes %j for no path", async (path) => {
    const { service, provider } = made({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path });

    expect(await errorOf(provider())).toMatchObject({
      code: "CREDENTIALS",
      message: expect.stringContaining('begins with "/"'),
    });
    expect(service.asked).toEqual([]);
  });

  test("sends the authorization token of the environment", async () => {
    const { provider } = made(
      {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN: AGENT_TOKEN,
      },
      {},
      containerAgent(AGENT_TOKEN),
    );

    expect(await provider()).toMatchObject(issued(1));
  });

  test("has the token's file read by the caller, at every renewal", async () => {
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/token",
    };
    let read = 0;
    const { service, provider } = made(
      env,
      { awsContainerAuthorizationToken: async () => (read++, `${AGENT_TOKEN}\n`) },
      containerAgent(AGENT_TOKEN),
    );
    service.lifetimeMs = 60_000;

    await provider();
    await provider();
    expect(read).toBe(2);

    expect(await errorOf(made(env).provider())).toMatchObject({
      code: "CREDENTIALS",
      message: expect.stringContaining("awsContainerAuthorizationToken: () => readFile("),
    });
  });

  test("says that the token is wrong, without showing it", async () => {
    const { provider } = made(
      { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x", AWS_CONTAINER_AUTHORIZATION_TOKEN: "CanaryWrongToken" },
      {},
      containerAgent(AGENT_TOKEN),
    );

    expect(await errorOf(provider())).toMatchObject({
      status: 401,
      serviceCode: "AccessDeniedException",
      message: expect.not.stringContaining("Canary"),
    });
  });

  test("is passed over where there is no container", async () => {
    expect(await errorOf(made({}).provider())).toMatchObject({
      code: "CREDENTIALS",
      tryNextLink: true,
      message: expect.stringContaining("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    });
  });
});
