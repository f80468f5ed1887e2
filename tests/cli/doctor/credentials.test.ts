import { describe, expect, test } from "vitest";
import { awsError } from "../../lanes/faults/faulty-fetch.js";
import { examined } from "../../lanes/run/doctor.js";
import { xml } from "../../lanes/stored/aws-requests.js";
import { endpoint, type SaverOptions } from "../../lanes/savers/harness.js";

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
