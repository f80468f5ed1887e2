const DAY_MS = 86_400_000;

interface StoredObject {
  bytes: Uint8Array;
  tags: URLSearchParams;
  storedMs: number;
  /** Whether the caller of the put had gone on when it arrived, and at which step. */
  late: boolean;
  step: number;
}

export interface BucketRequest {
  method: string;
  /** From the bucket's name on. */
  path: string;
  query: string;
  headers: Headers;
  body: Uint8Array;
  late: boolean;
}

export interface BucketAnswer {
  status: number;
  body: string | Uint8Array;
  headers?: Record<string, string>;
}

const decoder = new TextDecoder();
const errorXml = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
const unescapeXml = (text: string): string =>
  text
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, "&");

/** An S3 bucket in memory, with lifecycle rules by tag and prefix. */
export class SimulatedBucket {
  readonly objects = new Map<string, StoredObject>();
  #lifecycle: string | undefined;

  constructor(
    readonly name: string,
    readonly step: () => number,
  ) {}

  call(request: BucketRequest): BucketAnswer {
    const { method, path, query, headers } = request;
    const [bucket, ...rest] = path.slice(1).split("/");
    if (bucket !== this.name) return { status: 404, body: errorXml("NoSuchBucket") };
    const key = rest.join("/");
    if (query.startsWith("?lifecycle")) return this.#callLifecycle(request);
    if (method === "POST" && query.startsWith("?delete")) {
      for (const [, named] of decoder.decode(request.body).matchAll(/<Key>(.*?)<\/Key>/gs))
        this.objects.delete(unescapeXml(named!));
      return { status: 200, body: '<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>' };
    }
    if (method === "GET" && query.startsWith("?list-type=2")) return this.#list(new URLSearchParams(query));
    const object = this.objects.get(key);
    switch (method) {
      case "PUT":
        if (headers.get("if-none-match") === "*" && object)
          return { status: 412, body: errorXml("PreconditionFailed") };
        this.objects.set(key, {
          bytes: request.body.slice(),
          tags: new URLSearchParams(headers.get("x-amz-tagging") ?? ""),
          storedMs: Date.now(),
          late: request.late,
          step: this.step(),
        });
        return { status: 200, body: "" };
      case "GET": {
        if (!object) return { status: 404, body: errorXml("NoSuchKey") };
        const isPart = headers.get("range") === "bytes=0-0";
        return isPart
          ? {
              status: 206,
              body: object.bytes.slice(0, 1),
              headers: { "content-range": `bytes 0-0/${object.bytes.length}` },
            }
          : { status: 200, body: object.bytes };
      }
      case "HEAD":
        return object
          ? { status: 200, body: "", headers: { "content-length": String(object.bytes.length) } }
          : { status: 404, body: "" };
      case "DELETE":
        this.objects.delete(key);
        return { status: 204, body: "" };
      default:
        throw new Error(`The simulated bucket has no ${method} ${query}`);
    }
  }

  #list(query: URLSearchParams): BucketAnswer {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(query.get("prefix") ?? "")).sort();
    const contents = keys.map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`);
    return { status: 200, body: `<ListBucketResult>${contents.join("")}</ListBucketResult>` };
  }

  #callLifecycle({ method, body }: BucketRequest): BucketAnswer {
    if (method === "GET")
      return this.#lifecycle === undefined
        ? { status: 404, body: errorXml("NoSuchLifecycleConfiguration") }
        : { status: 200, body: this.#lifecycle };
    this.#lifecycle = decoder.decode(body);
    return { status: 200, body: "" };
  }

  /** Deletes what the rules let expire: S3 does so from the first midnight after an object's days on. */
  sweep(nowMs: number): void {
    const rules = [...(this.#lifecycle ?? "").matchAll(/<Rule>(.*?)<\/Rule>/gs)].map(([, rule]) => ruleOf(rule!));
    for (const [key, { tags, storedMs }] of this.objects) {
      const isDue = rules.some(({ enabled, days, prefix, wanted }) => {
        if (
          !enabled ||
          days === undefined ||
          !key.startsWith(prefix) ||
          wanted.some(([name, value]) => tags.get(name) !== value)
        )
          return false;
        return nowMs >= Math.ceil((storedMs + days * DAY_MS) / DAY_MS) * DAY_MS;
      });
      if (isDue) this.objects.delete(key);
    }
  }
}

interface Rule {
  enabled: boolean;
  days: number | undefined;
  prefix: string;
  wanted: [string, string][];
}

function ruleOf(xml: string): Rule {
  const days = /<Expiration>\s*<Days>(\d+)<\/Days>/.exec(xml)?.[1];
  return {
    enabled: xml.includes("<Status>Enabled</Status>"),
    days: days === undefined ? undefined : Number(days),
    prefix: unescapeXml(/<Prefix>(.*?)<\/Prefix>/.exec(xml)?.[1] ?? ""),
    wanted: [...xml.matchAll(/<Tag>\s*<Key>(.*?)<\/Key>\s*<Value>(.*?)<\/Value>/gs)].map(([, name, value]) => [
      unescapeXml(name!),
      unescapeXml(value!),
    ]),
  };
}
