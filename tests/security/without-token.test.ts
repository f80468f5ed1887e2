import { sign } from "hono/jwt";
import { beforeAll, describe, expect, test } from "vitest";
import { makeToken } from "../../scripts/lib/demo/token.js";
import { buildWorker, startWorker, type BuiltWorker } from "../../scripts/lib/demo/worker.js";

/* Somebody has no token for the agent, or makes one. */

describe("a Worker", () => {
  const AUTH_SECRET = crypto.randomUUID();
  let built: BuiltWorker;

  beforeAll(async () => {
    built = await buildWorker();
  });

  /** The code that each request is answered with. */
  async function codesOf(
    vars: Record<string, string | undefined>,
    requests: [path: string, init?: RequestInit][],
  ): Promise<string[]> {
    const worker = await startWorker(built, { vars });
    try {
      return await Promise.all(
        requests.map(async ([path, init]) => {
          const response = await fetch(worker.url + path, init);
          return `${response.status} ${await response.text()}`;
        }),
      );
    } finally {
      await worker.kill();
    }
  }

  test("serves nobody while it has no secret, and says which command sets one", async () => {
    for (const secret of [undefined, "", "too short"]) {
      const answers = await codesOf({ AUTH_SECRET: secret }, [
        ["/"],
        ["/ok"],
        ["/page/"],
        ["/threads/x"],
        ["/threads/x/runs/wait", { method: "POST", body: "{}" }],
      ]);
      for (const answer of answers) expect(answer).toMatch(/^503 .*npx wrangler secret put AUTH_SECRET/);
    }
  });

  test("refuses a request without a token, and tokens that are not of its making or have no end", async () => {
    const soon = Math.floor(Date.now() / 1_000) + 60;
    const unsigned = [
      { alg: "none", typ: "JWT" },
      { sub: "ada", exp: soon },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const [, payload, signature] = (await sign({ sub: "ada", exp: soon }, AUTH_SECRET, "HS256")).split(".");
    const tokens = [
      AUTH_SECRET,
      `${unsigned}.`,
      `${unsigned}.${signature}`,
      `${unsigned.split(".")[0]}.${payload}.${signature}`,
      await makeToken({ secret: "another secret that is long enough", user: "ada", hours: 1 }),
      await makeToken({ secret: AUTH_SECRET, user: "ada", hours: -1 }),
      await makeToken({ secret: AUTH_SECRET, user: "", hours: 1 }),
      await makeToken({ secret: AUTH_SECRET, user: "a".repeat(300), hours: 1 }),
      await sign({ sub: "ada" }, AUTH_SECRET, "HS256"),
      await sign({ sub: "ada", exp: soon }, AUTH_SECRET, "HS512"),
      await sign({ exp: soon }, AUTH_SECRET, "HS256"),
    ];
    const answers = await codesOf({ AUTH_SECRET }, [
      ["/threads/x"],
      ["/"],
      ["/nothing/here"],
      ...tokens.map((token): [string, RequestInit] => [
        "/threads/x",
        { headers: { authorization: `Bearer ${token}` } },
      ]),
    ]);
    for (const [index, answer] of answers.entries()) expect(answer, String(index)).toMatch(/^401 .*token/i);
  });
});
