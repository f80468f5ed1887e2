import { exchange } from "../../aws/client/exchange.js";
import { aborted } from "../../aws/client/abort.js";
import type { SaverConfig } from "../../config/config.js";
import { ok, wrong, type Check, type Finding } from "./finding.js";
import type { Subject } from "./subject.js";

const ALWAYS = ["authorization", "x-amz-date", "x-amz-security-token"];
const TABLE = { method: "POST", headers: [...ALWAYS, "content-type", "x-amz-target"] };
/** Reading, storing and deleting an object. */
const BUCKET = [
  { method: "GET", headers: [...ALWAYS, "x-amz-content-sha256"] },
  { method: "PUT", headers: [...ALWAYS, "x-amz-content-sha256", "x-amz-tagging", "if-none-match"] },
  {
    method: "POST",
    headers: [
      ...ALWAYS,
      "x-amz-content-sha256",
      "content-type",
      "x-amz-sdk-checksum-algorithm",
      "x-amz-checksum-sha256",
    ],
  },
];

/** Whether a page of this origin may use table and bucket: asks what its browser would ask. */
export async function* checkCors({ config }: Subject, origin: string): Check {
  const refusedByTable = await refusal(config, config.endpoint, origin, TABLE);
  yield refusedByTable === undefined
    ? ok("CORS", `Pages of ${origin} may use the table.`)
    : wrong(
        "CORS",
        `Pages of ${origin} may not use the table: ${refusedByTable}.`,
        "AWS allows every origin. DynamoDB Local allows those that it was started with: -cors " + origin,
      );
  if (config.s3) yield await bucketFinding(config, config.s3, origin);
  return true;
}

async function bucketFinding(
  config: SaverConfig,
  { endpoint, bucket, forcePathStyle }: NonNullable<SaverConfig["s3"]>,
  origin: string,
): Promise<Finding> {
  const { protocol, host, pathname } = new URL(endpoint);
  const folder = pathname.replace(/\/$/, "");
  const url = forcePathStyle
    ? `${protocol}//${host}${folder}/${bucket}/doctor`
    : `${protocol}//${bucket}.${host}${folder}/doctor`;
  const refusals = await Promise.all(
    BUCKET.map(async (request) => ({ ...request, why: await refusal(config, url, origin, request) })),
  );
  const refused = refusals.filter(({ why }) => why !== undefined);
  if (refused.length === 0) return ok("CORS", `Pages of ${origin} may use the bucket.`);
  const remedy =
    `Add a CORS rule to the bucket: AllowedOrigins ${origin}, AllowedMethods GET, PUT and POST, AllowedHeaders *, ` +
    "ExposedHeaders Date and x-amz-request-id.";
  return wrong(
    "CORS",
    `Pages of ${origin} may not use the bucket: ${refused.map(({ method, why }) => `${method}: ${why}`).join("; ")}.`,
    remedy,
  );
}

/** Why a browser would not send this request; `undefined` if it would. */
async function refusal(
  { fetch, signal, requestTimeoutMs: timeoutMs }: SaverConfig,
  url: string,
  origin: string,
  { method, headers }: typeof TABLE,
): Promise<string | undefined> {
  const asked = {
    origin,
    "access-control-request-method": method,
    "access-control-request-headers": headers.toSorted().join(),
  };
  try {
    const answer = await exchange(
      url,
      { method: "OPTIONS", headers: asked },
      { fetch, signal, timeoutMs, maxBytes: 1_000_000 },
    );
    return reasonIn(answer, origin, method, headers);
  } catch {
    if (signal?.aborted) throw aborted(signal);
    return "the question was not answered";
  }
}

function reasonIn(
  { status, headers: answer }: { status: number; headers: Headers },
  origin: string,
  method: string,
  headers: string[],
): string | undefined {
  const listed = (name: string): string[] =>
    (answer.get(name) ?? "")
      .toLowerCase()
      .split(",")
      .map((entry) => entry.trim());
  const allows = (name: string, entry: string): boolean => listed(name).includes(entry.toLowerCase());
  if (status < 200 || status >= 300) return `HTTP ${status} instead of permission`;
  const allowed = answer.get("access-control-allow-origin");
  if (allowed !== "*" && allowed !== origin)
    return allowed === null ? "the origin is not allowed" : `only the origin ${allowed} is allowed`;
  // GET and POST need no permission of their own (Fetch standard, "CORS-safelisted method").
  if (
    method === "PUT" &&
    !allows("access-control-allow-methods", method) &&
    !allows("access-control-allow-methods", "*")
  )
    return "the method is not allowed";
  const missing = headers.filter(
    (name) =>
      !allows("access-control-allow-headers", name) &&
      (name === "authorization" || !allows("access-control-allow-headers", "*")),
  );
  return missing.length === 0 ? undefined : `the headers ${missing.join(", ")} are not allowed`;
}
