import {
  fromCognitoIdentityPool,
  fromContainerMetadata,
  fromInstanceMetadata,
  fromTemporaryCredentials,
  fromWebToken,
} from "langgraph-checkpoint-dynamodb/credentials";
import { describe, expect, test } from "vitest";
import { allOf } from "../config/all-of-error.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";

/* Needs no server. */

const TOKENS = ["wholeTokenWithoutAnySignThatANameLacks", "s3cr3tToken_0123-4567.89ab", "shortone"];
const clientConfig = { region: "us-east-1" };
const xml = (code: string): Response => new Response(`<Error><Code>${code}</Code></Error>`, { status: 400 });
const signatureOf = (headers: Headers): string => headers.get("authorization")!.split("Signature=")[1]!;

type Answer = (request: Request) => Response | Promise<Response>;
/** How a provider is made that sends a token, and how an endpoint gives it a text back as an error's name. */
type Case = [
  what: string,
  make: (token: string, fetch: typeof globalThis.fetch) => () => Promise<unknown>,
  answer: (name: (text: string) => string, token: string) => Answer,
];

const imds = (status: number): Case => [
  `fromInstanceMetadata, with HTTP ${status}`,
  (_, fetch) => fromInstanceMetadata({ env: {}, profile: "role", maxRetries: 0, fetch }),
  (name, token) =>
    ({ method, headers }) =>
      method === "PUT"
        ? new Response(token)
        : Response.json({ Code: name(headers.get("x-aws-ec2-metadata-token")!) }, { status }),
];
const assumed = (what: string, of: (headers: Headers) => string): Case => [
  `fromTemporaryCredentials, ${what}`,
  (sessionToken, fetch) =>
    fromTemporaryCredentials({
      params: { RoleArn: "arn:aws:iam::1:role/x" },
      masterCredentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "topSecretValue", sessionToken },
      clientConfig,
      maxRetries: 0,
      fetch,
    }),
  (name) =>
    ({ headers }) =>
      xml(name(of(headers))),
];

const CASES: Case[] = [
  [
    "fromContainerMetadata",
    (awsContainerAuthorizationToken, fetch) =>
      fromContainerMetadata({
        env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1:9/x" },
        awsContainerAuthorizationToken,
        maxRetries: 0,
        fetch,
      }),
    (name) =>
      ({ headers }) =>
        Response.json({ code: name(headers.get("authorization")!) }, { status: 400 }),
  ],
  imds(403),
  imds(200),
  [
    "fromWebToken",
    (webIdentityToken, fetch) =>
      fromWebToken({ roleArn: "arn:aws:iam::1:role/x", webIdentityToken, clientConfig, maxRetries: 0, fetch }),
    (name) => async (request) => xml(name(new URLSearchParams(await request.text()).get("WebIdentityToken")!)),
  ],
  assumed("its session token", (headers) => headers.get("x-amz-security-token")!),
  assumed("its signature", signatureOf),
  [
    "fromCognitoIdentityPool",
    (token, fetch) =>
      fromCognitoIdentityPool({
        identityPoolId: "us-east-1:00000000-0000-0000-0000-000000000000",
        logins: { "accounts.google.com": token },
        maxRetries: 0,
        fetch,
      }),
    (name) => async (request) => {
      const { Logins } = (await request.json()) as { Logins: Record<string, string> };
      return Response.json({ __type: name(Logins["accounts.google.com"]!) }, { status: 400 });
    },
  ],
];

describe("an endpoint that names an error as what it was sent tells nobody what that was:", () => {
  test.each(CASES)("%s", async (_, make, answer) => {
    for (const token of TOKENS)
      for (const name of [
        (text: string) => text,
        (text: string) => `X${text.slice(0, 30)}`,
        (text: string) => btoa(text),
      ]) {
        let sent = token;
        const reply = answer((text) => name((sent = text)), token);
        const provider = make(token, async (input, init) => reply(new Request(input, init)));

        const error = await errorOf(provider());

        expect(error).toMatchObject({ code: "CREDENTIALS" });
        const shown = allOf(error);
        const pieces = [sent, btoa(sent)].flatMap((text) =>
          Array.from({ length: Math.max(1, text.length - 11) }, (__, i) => text.slice(i, i + 12)),
        );
        expect(pieces.filter((piece) => shown.includes(piece))).toEqual([]);
      }
  });

  test("and the names that services give stay", async () => {
    for (const [, make, answer] of CASES) {
      const reply = answer(() => "AccessDeniedException", TOKENS[0]!);
      const error = await errorOf(make(TOKENS[0]!, async (input, init) => reply(new Request(input, init)))());
      expect((error as Error).message).toContain("(AccessDeniedException)");
    }
  });
});
