import { AwsV4Signer } from "aws4fetch";
import type { AwsCredentials, Fetch } from "langgraph-checkpoint-dynamodb/credentials";

/* The services that give out credentials, as strict as AWS describes them. Behind a `fetch` or a real HTTP server. */

export const HOUR = 3_600_000;
export const MASTER = {
  accessKeyId: "MASTERKEY",
  secretAccessKey: "CanaryMasterSecret",
  sessionToken: "CanaryMasterToken",
};
export const WEB_TOKEN = "CanaryWebToken.payload.signature";
export const AGENT_TOKEN = "CanaryAgentToken";
export const POOL = "eu-west-1:00000000-1111-2222-3333-444444444444";
export const LOGIN = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc";
export const ROLE = "arn:aws:iam::123456789012:role/checkpoints";

/** What the nth caller gets. */
const issue = (n: number, lifetimeMs: number) => ({
  id: `ISSUED${n}`,
  secret: `CanarySecretOfIssue${n}`,
  token: `CanaryTokenOfIssue${n}/+==`,
  ends: new Date(Math.floor((Date.now() + lifetimeMs) / 1_000) * 1_000),
});
type Issue = ReturnType<typeof issue>;

/** The same as a provider gives it. */
export const issued = (n: number): Partial<AwsCredentials> => ({
  accessKeyId: `ISSUED${n}`,
  secretAccessKey: `CanarySecretOfIssue${n}`,
  sessionToken: `CanaryTokenOfIssue${n}/+==`,
});

/** One service: what it was asked, and what a test may change about it. */
export class Service {
  /** Method, host and path of every request; with Cognito and STS the operation too. */
  readonly asked: string[] = [];
  readonly requests: Request[] = [];
  lifetimeMs = HOUR;
  /** Answers in the service's place, where it returns something. */
  fault: (request: Request, number: number) => Response | Promise<Response> | undefined = () => undefined;
  /** How many answers it works on; what hangs does not count. */
  working = 0;
  #issues = 0;

  constructor(
    private readonly answer: (request: Request, body: string, service: Service) => Response | Promise<Response>,
  ) {}

  next(): Issue {
    return issue(++this.#issues, this.lifetimeMs);
  }

  async respond(request: Request): Promise<Response> {
    const body = new TextDecoder().decode(await request.clone().arrayBuffer());
    const { host, pathname } = new URL(request.url);
    const operation = request.headers.get("x-amz-target") ?? new URLSearchParams(body).get("Action");
    this.asked.push(`${request.method} ${host}${pathname}${operation ? ` ${operation}` : ""}`);
    this.requests.push(request);
    const fault = await this.fault(request, this.requests.length);
    if (fault) return fault;
    this.working++;
    try {
      return await this.answer(request, body, this);
    } finally {
      this.working--;
    }
  }

  readonly fetch: Fetch = (url, init) => this.respond(new Request(url, init));
}

const nothing = (status: number): Response => new Response(null, { status });
const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), { status, headers: { "content-type": "application/x-amz-json-1.1" } });

/**
 * "Use IMDSv2": a session token by PUT with its life, 1 second to 6 hours; without one 401, as on an instance that
 * requires it.
 */
export function instanceMetadata(role = "checkpoints-role"): Service {
  const sessions = new Set<string>();
  return new Service((request, _, service) => {
    const { pathname } = new URL(request.url);
    if (request.headers.has("x-forwarded-for")) return nothing(403);
    if (pathname === "/latest/api/token") {
      const seconds = Number(request.headers.get("x-aws-ec2-metadata-token-ttl-seconds") ?? NaN);
      if (request.method !== "PUT") return nothing(405);
      if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= 21_600)) return nothing(400);
      sessions.add(`CanarySessionOfIMDS${sessions.size}==`);
      return new Response([...sessions].at(-1), {
        headers: { "x-aws-ec2-metadata-token-ttl-seconds": String(seconds) },
      });
    }
    if (request.method !== "GET" || !sessions.has(request.headers.get("x-aws-ec2-metadata-token") ?? ""))
      return nothing(401);
    if (pathname === "/latest/meta-data/iam/security-credentials/") return role ? new Response(role) : nothing(404);
    if (pathname !== `/latest/meta-data/iam/security-credentials/${encodeURIComponent(role)}`) return nothing(404);
    const { id, secret, token, ends } = service.next();
    return json({
      Code: "Success",
      LastUpdated: new Date().toISOString(),
      Type: "AWS-HMAC",
      AccessKeyId: id,
      SecretAccessKey: secret,
      Token: token,
      Expiration: ends.toISOString(),
    });
  });
}

/** The agents of ECS and EKS Pod Identity: a GET, with the authorization token where there is one. */
export function containerAgent(authorization?: string): Service {
  return new Service((request, _, service) => {
    if (request.method !== "GET") return nothing(405);
    if ((request.headers.get("authorization") ?? undefined) !== authorization)
      return json({ code: "AccessDeniedException", message: `not ${request.headers.get("authorization")}` }, 401);
    const { id, secret, token, ends } = service.next();
    return json({
      RoleArn: ROLE,
      AccessKeyId: id,
      SecretAccessKey: secret,
      Token: token,
      Expiration: ends.toISOString(),
    });
  });
}

/** STS's Query protocol. "AssumeRole" has to be signed by {@link MASTER}, the other must have no signature. */
export function sts(): Service {
  const error = (status: number, code: string): Response =>
    xml(
      `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>` +
        `<Code>${code}</Code><Message>About ${MASTER.secretAccessKey}</Message></Error><RequestId>1</RequestId>` +
        "</ErrorResponse>",
      status,
    );
  return new Service(async (request, body, service) => {
    const form = new URLSearchParams(body);
    const action = form.get("Action");
    if (request.method !== "POST" || form.get("Version") !== "2011-06-15") return error(400, "InvalidAction");
    if (!/^application\/x-www-form-urlencoded/.test(request.headers.get("content-type") ?? ""))
      return error(400, "SerializationException");
    if (action === "AssumeRole") {
      if (!(await isSignedBy(MASTER, request, body))) return error(403, "SignatureDoesNotMatch");
    } else if (action !== "AssumeRoleWithWebIdentity" || request.headers.has("authorization")) {
      return error(400, "InvalidAction");
    } else if (form.get("WebIdentityToken") !== WEB_TOKEN) {
      return error(400, "InvalidIdentityToken");
    }
    if (!/^[\w+=,.@-]{2,64}$/.test(form.get("RoleSessionName") ?? "")) return error(400, "ValidationError");
    if (form.get("RoleArn") !== ROLE) return error(403, "AccessDenied");
    const { id, secret, token, ends } = service.next();
    const keys =
      `<AccessKeyId>${id}</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey>` +
      `<SessionToken>${token}</SessionToken><Expiration>${ends.toISOString()}</Expiration>`;
    const user = `<AssumedRoleUser><AssumedRoleId>AROA:1</AssumedRoleId><Arn>${ROLE}/1</Arn></AssumedRoleUser>`;
    return xml(
      `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
        `<${action}Result>${user}<Credentials>${keys}</Credentials></${action}Result><ResponseMetadata>` +
        `<RequestId>1</RequestId></ResponseMetadata></${action}Response>`,
    );
  });
}

const xml = (text: string, status = 200): Response =>
  new Response(text, { status, headers: { "content-type": "text/xml" } });

/** Signs the same request again, and compares. */
async function isSignedBy(credentials: typeof MASTER, request: Request, body: string): Promise<boolean> {
  const given = request.headers.get("authorization") ?? "";
  const [credential = "", ...others] = given.split(", ");
  const rest = /^SignedHeaders=[^,]*host[^,]*, Signature=[0-9a-f]{64}$/.test(others.join(", "));
  const scope = /^AWS4-HMAC-SHA256 Credential=MASTERKEY\/\d{8}\/([a-z0-9-]+)\/(sts)\/aws4_request$/.exec(credential);
  const [, region, service] = (rest && scope) || [];
  const datetime = request.headers.get("x-amz-date") ?? "";
  if (!region || !service || !/^\d{8}T\d{6}Z$/.test(datetime)) return false;
  const headers = { "content-type": request.headers.get("content-type")! };
  const again = await new AwsV4Signer({
    method: "POST",
    url: request.url,
    headers,
    body: new TextEncoder().encode(body),
    service,
    region,
    datetime,
    ...credentials,
  }).sign();
  return (
    again.headers.get("authorization") === given &&
    request.headers.get("x-amz-security-token") === credentials.sessionToken
  );
}

/**
 * Cognito identity pools, JSON 1.1. A guest is a new identity at every "GetId"; {@link LOGIN} with {@link WEB_TOKEN}
 * always the same.
 */
export function cognito({ guests = true } = {}): Service & { deleted: Set<string> } {
  const known = new Set<string>();
  const deleted = new Set<string>();
  const error = (code: string): Response => json({ __type: code, message: `About ${WEB_TOKEN}` }, 400);
  const service: Service = new Service((request, body) => {
    if (
      request.method !== "POST" ||
      request.headers.get("content-type") !== "application/x-amz-json-1.1" ||
      request.headers.has("authorization")
    )
      return error("SerializationException");
    const { IdentityPoolId, IdentityId, Logins } = JSON.parse(body) as {
      IdentityPoolId?: string;
      IdentityId?: string;
      Logins?: Record<string, string>;
    };
    if (Logins ? Logins[LOGIN] !== WEB_TOKEN : !guests) return error("NotAuthorizedException");
    switch (request.headers.get("x-amz-target")) {
      case "AWSCognitoIdentityService.GetId": {
        if (IdentityPoolId !== POOL) return error("ResourceNotFoundException");
        const id = `eu-west-1:${Logins ? "user" : `guest-${known.size + 1}`}`;
        known.add(id);
        return json({ IdentityId: id });
      }
      case "AWSCognitoIdentityService.GetCredentialsForIdentity": {
        if (!known.has(IdentityId!) || deleted.has(IdentityId!)) return error("ResourceNotFoundException");
        const { id, secret, token, ends } = service.next();
        return json({
          IdentityId,
          Credentials: { AccessKeyId: id, SecretKey: secret, SessionToken: token, Expiration: ends.getTime() / 1_000 },
        });
      }
      default:
        return error("UnknownOperationException");
    }
  });
  return Object.assign(service, { deleted });
}
