import { ask } from "../../aws/credentials/ask.js";
import { CredentialsProviderError } from "../../aws/credentials/provider-error.js";
import { serviceAt, settingsOf } from "../../aws/credentials/provider.js";
import { textOfAnswer } from "../../aws/credentials/answer.js";
import { Clock } from "../../aws/client/clock.js";
import type { AwsCredentials } from "../../aws/client/credentials.js";
import { sign } from "../../aws/client/sign.js";
import { documentOf, elementText } from "../../aws/s3/xml.js";
import { skipped, ok, reported, wrong, type Check } from "./finding.js";
import type { Subject } from "./subject.js";

/** Whose the credentials are. */
export async function* checkCredentials({ config, credentials: source }: Subject): Check {
  let credentials: AwsCredentials;
  try {
    credentials = await source.get();
  } catch (error) {
    const { message, cause } = reported(error);
    yield wrong(
      "credentials",
      [message, adviceIn(cause)].join(" ").trimEnd(),
      "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile.",
    );
    return false;
  }
  const { accessKeyId, sessionToken, expiration } = credentials;
  // The last characters tell one key from another; the whole of it is nobody's business in a terminal or a ticket.
  const key = `access key …${accessKeyId.slice(-4)}`;
  const kind = sessionToken ? `temporary${expiration ? `, until ${expiration.toISOString()}` : ""}` : "long-lived";
  if (expiration && expiration.getTime() <= Date.now()) {
    yield wrong(
      "credentials",
      `The ${key} has expired (${expiration.toISOString()}).`,
      "Sign in again, for example with aws sso login.",
    );
    return false;
  }
  yield ok("credentials", `They are there: ${key}, ${kind}.`);
  return yield* identity(config, credentials);
}

/**
 * What a provider of the AWS SDK says of itself, such as that one has to sign in again. One that runs a program quotes
 * the program, which may hold a secret.
 */
function adviceIn(cause: unknown): string {
  const { name, message } = (cause ?? {}) as { name?: unknown; message?: unknown };
  const isProvider = name === "CredentialsProviderError" || name === "TokenProviderError";
  return isProvider && typeof message === "string" && !/\n|command failed/i.test(message) ? message : "";
}

/**
 * Asks STS, which answers whoever it knows, whatever their policies. Only where the table is AWS's: others have keys of
 * their own.
 */
async function* identity(
  { endpoint, region, fetch, signal, requestTimeoutMs }: Subject["config"],
  credentials: AwsCredentials,
): Check {
  const check = "identity";
  if (!/\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname)) {
    yield skipped(check, "Not asked for: the endpoint is not one of AWS.");
    return true;
  }
  const settings = settingsOf("GetCallerIdentity", { fetch, signal, timeout: requestTimeoutMs, maxRetries: 1 });
  const { url, region: signedFor } = serviceAt("GetCallerIdentity", "sts", { region });
  const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  const clock = new Clock();
  const signed = (body: Uint8Array<ArrayBuffer>): Promise<Headers> =>
    sign(
      { method: "POST", url, headers, body, service: "sts", region: signedFor },
      credentials,
      clock.offsetMs,
      new Map(),
    );
  try {
    const arn = await ask(settings, {
      url,
      method: "POST",
      headers,
      body: "Action=GetCallerIdentity&Version=2011-06-15",
      sign: { headers: signed, clock },
      secrets: [],
      read: ({ body }) => elementText(documentOf(body, "GetCallerIdentityResponse"), "Arn") ?? "",
      serviceCode: (answer) => elementText(textOfAnswer(answer), "Code"),
      advice: () => undefined,
    });
    yield ok(check, `They are ${arn}.`);
    return true;
  } catch (error) {
    const problem = reported(error);
    if (!(problem instanceof CredentialsProviderError) || problem.serviceCode === undefined) {
      yield skipped(check, problem.message);
      return true;
    }
    const remedy = REMEDIES[problem.serviceCode] ?? "Check the credentials, --region and this machine's clock.";
    yield wrong(check, `AWS does not accept the credentials (${problem.serviceCode}).`, remedy);
    return false;
  }
}

const REMEDIES: Record<string, string> = {
  InvalidClientTokenId:
    "The access key does not exist, is switched off, or belongs to a session token that was not given. Check " +
    "AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN.",
  SignatureDoesNotMatch:
    "The secret does not fit the access key. Check AWS_SECRET_ACCESS_KEY for characters lost in copying, and " +
    "this machine's clock.",
  ExpiredToken: "The session has ended. Sign in again, for example with aws sso login.",
};
