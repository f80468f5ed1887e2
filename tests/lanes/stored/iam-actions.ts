/** The IAM actions that AWS checks for a request, for example `["dynamodb:PutItem"]`. */
export function iamActionsOf(url: string, { method = "GET", headers }: RequestInit): string[] {
  const target = new Headers(headers).get("x-amz-target");
  return target ? [`dynamodb:${target.split(".")[1]}`] : s3ActionsOf(new URL(url), method, new Headers(headers));
}

/** "Required permissions for Amazon S3 API operations": they are not named as the operations are. */
function s3ActionsOf(url: URL, method: string, headers: Headers): string[] {
  if (url.searchParams.has("lifecycle"))
    return [method === "PUT" ? "s3:PutLifecycleConfiguration" : "s3:GetLifecycleConfiguration"];
  if (url.searchParams.has("delete") || method === "DELETE") return ["s3:DeleteObject"];
  if (method === "PUT")
    return headers.has("x-amz-tagging") ? ["s3:PutObject", "s3:PutObjectTagging"] : ["s3:PutObject"];
  if (method === "GET" || method === "HEAD") return ["s3:GetObject"];
  throw new Error(`No action is known for ${method} ${url.pathname}${url.search}.`);
}

/** The values of every partition key in a request's body: what IAM calls `dynamodb:LeadingKeys`. */
export function leadingKeysOf(body: unknown): string[] {
  if (typeof body !== "object" || body === null) return [];
  return Object.entries(body).flatMap(([name, value]) =>
    name === "PK" || name === ":pk" ? [(value as { S: string }).S] : leadingKeysOf(value),
  );
}

/** IAM's `StringLike`, with its policy variables filled in. */
export function isStringLike(text: string, pattern: string, variables: Record<string, string> = {}): boolean {
  const filled = pattern.replace(/\$\{([^}]+)\}/g, (_, name: string) => variables[name] ?? "");
  const parts = filled
    .split(/([*?])/)
    .map((part) => (part === "*" ? ".*" : part === "?" ? "." : part.replace(/[\\^$.|+()[\]{}]/g, "\\$&")));
  return new RegExp(`^${parts.join("")}$`, "s").test(text);
}
