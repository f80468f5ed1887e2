import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import {
  fromCognitoIdentityPool,
  fromContainerMetadata,
  fromInstanceMetadata,
  fromTemporaryCredentials,
  fromWebToken,
  type AwsCredentialsProvider,
  type ProviderOptions,
} from "langgraph-checkpoint-dynamodb/credentials";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  AGENT_TOKEN,
  cognito,
  containerAgent,
  instanceMetadata,
  issued,
  MASTER,
  POOL,
  ROLE,
  sts,
  WEB_TOKEN,
  type Service,
} from "../lanes/servers/credential-services.js";
import { errorOf, nothingFound, observedSaver, readNothing } from "../lanes/faults/faulty-fetch.js";
import { serve, stopServers } from "./serve.js";

/*
 * Every provider through Node's own `fetch`, against a server on this machine that speaks its protocol. Needs no
 * server.
 */

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tokens-"));
  vi.spyOn(Math, "random").mockReturnValue(0);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await stopServers();
  await rm(folder, { recursive: true });
});

async function tokenFile(token: string): Promise<() => Promise<string>> {
  const file = join(folder, "token");
  await writeFile(file, `${token}\n`);
  return () => readFile(file, "utf8");
}

interface Kind {
  name: string;
  service: () => Service;
  provider: (endpoint: string, options?: ProviderOptions) => Promise<AwsCredentialsProvider>;
}

const kinds: Kind[] = [
  {
    name: "fromCognitoIdentityPool",
    service: cognito,
    provider: async (endpoint, options) =>
      fromCognitoIdentityPool({ identityPoolId: POOL, clientConfig: { endpoint }, ...options }),
  },
  {
    name: "fromTemporaryCredentials",
    service: sts,
    provider: async (endpoint, options) =>
      fromTemporaryCredentials({
        params: { RoleArn: ROLE },
        masterCredentials: MASTER,
        clientConfig: { region: "us-east-1", endpoint },
        ...options,
      }),
  },
  {
    name: "fromWebToken",
    service: sts,
    provider: async (endpoint, options) =>
      fromWebToken({
        roleArn: ROLE,
        webIdentityToken: await tokenFile(WEB_TOKEN),
        clientConfig: { region: "us-east-1", endpoint },
        ...options,
      }),
  },
  {
    name: "fromContainerMetadata",
    service: () => containerAgent(AGENT_TOKEN),
    provider: async (endpoint, options) =>
      fromContainerMetadata({
        env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint}/v1/credentials` },
        awsContainerAuthorizationToken: await tokenFile(AGENT_TOKEN),
        ...options,
      }),
  },
  {
    name: "fromInstanceMetadata",
    service: instanceMetadata,
    provider: async (endpoint, options) =>
      fromInstanceMetadata({ env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint }, ...options }),
  },
];

describe.each(kinds)("$name", ({ service: makeService, provider: makeProvider }) => {
  test("gets credentials that sign a saver's requests", async () => {
    const service = makeService();
    const credentials = await makeProvider(await serve((request) => service.respond(request)));
    const { saver, sent } = observedSaver(nothingFound, { credentials });

    await readNothing(saver);

    expect(sent[0]!.headers.get("authorization")).toContain("Credential=ISSUED1/");
    expect(sent[0]!.headers.get("x-amz-security-token")).toBe(issued(1).sessionToken);
  });

  test("makes one request for callers at once", async () => {
    const service = makeService();
    const provider = await makeProvider(await serve((request) => service.respond(request)));

    const all = await Promise.all(Array.from({ length: 20 }, () => provider()));

    for (const one of all) expect(one).toMatchObject(issued(1));
  });

  test.each([301, 302, 303, 307, 308])("follows no redirect with HTTP %i", async (status) => {
    let contacts = 0;
    const location = await serve(() => (contacts++, new Response("{}")));
    const provider = await makeProvider(await serve(() => new Response(null, { status, headers: { location } })));

    expect(await errorOf(provider())).toMatchObject({
      code: "CREDENTIALS",
      attempts: 1,
      message: expect.stringContaining("redirect"),
    });
    expect(contacts).toBe(0);
  });

  test.each([
    ["nothing", ""],
    ["a page", "<html>Canary1234567890</html>"],
    ["half an answer", '{"AccessKeyId":"Canary1234567890","Secr'],
    ["a JSON string", '"Canary1234567890"'],
    ["bytes that are no text", "\u0000\u0001Canary1234567890"],
  ])("asks again after %s, and then says that it could not be read, without showing it", async (_, garbled) => {
    let requests = 0;
    // IMDS: the token is right, and what follows is garbled.
    const provider = await makeProvider(
      await serve((request) =>
        request.method === "PUT" ? new Response("token") : (requests++, new Response(garbled)),
      ),
    );

    const error = await errorOf(provider());

    expect(error).toMatchObject({
      code: "CREDENTIALS",
      attempts: 3,
      message: expect.stringContaining("could not be read"),
    });
    expect(requests).toBe(3);
    expect(inspect(error)).not.toContain("Canary");
  });

  test("does not read an answer without end", async () => {
    const provider = await makeProvider(await serve(() => new Response("a".repeat(200_000))));

    expect(await errorOf(provider())).toMatchObject({
      code: "CREDENTIALS",
      attempts: 1,
      message: expect.stringContaining("longer than any"),
    });
  });

  test("refuses credentials that have expired", async () => {
    const service = makeService();
    service.lifetimeMs = -60_000;
    const provider = await makeProvider(await serve((request) => service.respond(request)));

    const error = await errorOf(provider());

    expect(error).toMatchObject({ code: "CREDENTIALS", message: expect.stringContaining("expired already") });
    expect(inspect(error)).not.toContain("Canary");
  });

  test.each(["AccessKeyId", "Secret(Access)?Key", "(Session)?Token", "Expiration"])(
    "refuses an answer without %s",
    async (name) => {
      const service = makeService();
      const without = async (request: Request): Promise<Response> => {
        const answer = await service.respond(request);
        const text = (await answer.text())
          .replace(new RegExp(`"${name}":`), '"Other":')
          .replace(new RegExp(`<${name}>`), "<Other>");
        return new Response(text, { status: answer.status });
      };
      const provider = await makeProvider(await serve(without));

      expect(await errorOf(provider())).toMatchObject({
        code: "CREDENTIALS",
        message: expect.stringMatching(/the answer has no /),
      });
    },
  );

  test("gives up at its time limit", async () => {
    const provider = await makeProvider(await serve(() => new Promise<Response>(() => undefined)), {
      timeout: 50,
      maxRetries: 1,
    });

    expect(await errorOf(provider())).toMatchObject({
      code: "CREDENTIALS",
      attempts: 2,
      status: 0,
      message: expect.stringContaining("within 50 ms"),
    });
  });

  test("gives up when its signal fires", async () => {
    const controller = new AbortController();
    const provider = await makeProvider(
      await serve(() => {
        controller.abort();
        return new Promise<Response>(() => undefined);
      }),
      { signal: controller.signal },
    );

    expect(await errorOf(provider())).toMatchObject({ code: "ABORTED" });
    expect(await errorOf(provider())).toMatchObject({ code: "ABORTED" });
  });
});

test("EC2's metadata service without a session token is never asked for credentials", async () => {
  const asked: string[] = [];
  const provider = fromInstanceMetadata({
    env: {},
    endpoint: await serve((request) => {
      asked.push(request.method);
      return request.method === "PUT" ? new Response(null, { status: 404 }) : new Response("role");
    }),
  });

  expect(await errorOf(provider())).toMatchObject({ message: expect.stringContaining("IMDSv1 is refused") });
  expect(asked).toEqual(["PUT"]);
});
