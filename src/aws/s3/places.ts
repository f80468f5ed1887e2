/** Where buckets are. */
export interface S3Config {
  region: string;
  endpoint: string;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. */
  forcePathStyle: boolean;
}

/** "General purpose bucket naming rules" */
export const isBucketName = (name: string): boolean => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name);

/** Plain characters and single slashes, and no part that is `.` or `..`, which `new URL` would take away. */
export const isKeyPrefix = (prefix: string): boolean =>
  /^[A-Za-z0-9_.=:/-]{0,220}$/.test(prefix) && !/(^|\/)\.{0,2}\//.test(prefix);

/** Where an object is, or with an empty key its bucket. */
export function objectUrl(
  { endpoint, forcePathStyle }: Pick<S3Config, "endpoint" | "forcePathStyle">,
  bucket: string,
  key: string,
): string {
  const { protocol, host, pathname } = new URL(endpoint);
  const path = pathname.replace(/\/$/, "");
  if (!forcePathStyle) return `${protocol}//${bucket}.${host}${path}/${encodeKey(key)}`;
  return `${protocol}//${host}${path}/${bucket}${key && `/${encodeKey(key)}`}`;
}

export interface ObjectPlace {
  bucket: string;
  key: string;
}

const encodeKey = (key: string): string => key.split("/").map(encodeURIComponent).join("/");
