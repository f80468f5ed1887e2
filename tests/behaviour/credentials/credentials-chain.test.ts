import {
  createCredentialChain,
  fromContainerMetadata,
  fromEnv,
  fromInstanceMetadata,
} from "langgraph-checkpoint-dynamodb/credentials";
import { describe, expect, test } from "vitest";
import { instanceMetadata, issued } from "../../lanes/servers/credential-services.js";
import { errorOf, nothingFound, observedSaver, readNothing } from "../../lanes/faults/faulty-fetch.js";

/* Needs no server. */

const keys = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "topSecretValue" };

describe("fromEnv", () => {
  test("reads a Worker's env as it is when it is called", async () => {
    const env: Record<string, unknown> = { ...keys, KV: { get: () => "" } };
    const provider = fromEnv({ env });
    env.AWS_SESSION_TOKEN = "topSecretToken";
    env.AWS_CREDENTIAL_EXPIRATION = "2030-01-01T00:00:00Z";

    expect(await provider()).toEqual({
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "topSecretValue",
      sessionToken: "topSecretToken",
      expiration: new Date("2030-01-01T00:00:00Z"),
    });
  });

  test("is passed over where nothing is set, and an error with one half", async () => {
    expect(await errorOf(fromEnv({ env: {} })())).toMatchObject({
      code: "CREDENTIALS",
      tryNextLink: true,
      message: expect.stringContaining("AWS_ACCESS_KEY_ID"),
    });
    expect(await errorOf(fromEnv({ env: { ...keys, AWS_ACCESS_KEY_ID: "" } })())).toMatchObject({
      code: "CREDENTIALS",
      tryNextLink: false,
    });
  });
});

describe("createCredentialChain", () => {
  const nowhere = () => fromContainerMetadata({ env: {} });

  test("takes the first provider that has credentials", async () => {
    const service = instanceMetadata();
    const chain = createCredentialChain(
      fromEnv({ env: {} }),
      nowhere(),
      fromInstanceMetadata({ env: {}, fetch: service.fetch }),
    );

    expect(await chain()).toMatchObject(issued(1));
    expect(
      await createCredentialChain(fromEnv({ env: keys }), fromInstanceMetadata({ fetch: service.fetch }))(),
    ).toMatchObject({ accessKeyId: "AKIDEXAMPLE" });
    expect(service.asked).toHaveLength(3);
  });

  test("stops at a provider that fails for another reason", async () => {
    const broken = fromContainerMetadata({ env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://agent.example.com" } });

    expect(await errorOf(createCredentialChain(broken, fromEnv({ env: keys }))())).toMatchObject({
      provider: "fromContainerMetadata",
    });
  });

  test("passes over providers of the AWS SDK that have none", async () => {
    const sdk = () =>
      Promise.reject(Object.assign(new Error("no profile"), { name: "CredentialsProviderError", tryNextLink: true }));

    expect(await createCredentialChain(sdk, fromEnv({ env: keys }))()).toMatchObject({ accessKeyId: "AKIDEXAMPLE" });
  });

  test("says of each provider why it had none, and the saver passes that on", async () => {
    const { saver } = observedSaver(nothingFound, {
      credentials: createCredentialChain(fromEnv({ env: {} }), nowhere()),
    });

    expect(await errorOf(readNothing(saver))).toMatchObject({
      code: "CREDENTIALS",
      provider: "createCredentialChain",
      message: expect.stringMatching(/fromEnv: .*fromContainerMetadata: /),
    });
  });

  test("refuses to be empty", () => {
    expect(() => createCredentialChain()).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
  });
});
