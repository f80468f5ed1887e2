/* One index of Amazon S3 Vectors. The shapes of its inputs are checked already, by the model. */

/** An error that AWS answers with. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export const invalid = (message: string): Refusal => new Refusal("ValidationException", message);

export interface StoredVector {
  key: string;
  data: Float32Array;
  metadata: Record<string, unknown>;
}

export interface IndexSettings {
  dimension: number;
  distanceMetric: string;
  dataType: string;
  nonFilterable: string[];
}

export interface PutInput {
  vectors: { key: string; data: { float32: number[] }; metadata?: unknown }[];
}

export interface KeysInput {
  keys: string[];
  returnData?: boolean;
  returnMetadata?: boolean;
}

export interface QueryInput {
  topK: number;
  queryVector: { float32: number[] };
  filter?: unknown;
  returnMetadata?: boolean;
  returnDistance?: boolean;
  nextToken?: string;
}

/** It compares all vectors there are, where AWS's search is approximate. */
export class ServedIndex {
  readonly vectors = new Map<string, StoredVector>();
  readonly createdAt = Math.floor(Date.now() / 1_000);

  constructor(readonly settings: IndexSettings) {
    const { dimension, nonFilterable } = settings;
    if (!(Number.isInteger(dimension) && dimension >= 1 && dimension <= 4_096)) throw invalid("dimension");
    if (nonFilterable.length > 10 || nonFilterable.some((key) => key.length < 1 || key.length > 63))
      throw invalid("nonFilterableMetadataKeys");
  }

  put({ vectors }: PutInput): object {
    const keys = vectors.map(({ key }) => key);
    checkKeys(keys, 500);
    const checked = vectors.map(({ key, data, metadata = {} }) => ({
      key,
      data: this.#vector(data.float32),
      metadata: this.#metadata(key, metadata),
    }));
    for (const vector of checked) this.vectors.set(vector.key, vector);
    return {};
  }

  get({ keys, returnData, returnMetadata }: KeysInput): object {
    checkKeys(keys, 100);
    const found = keys.flatMap((key) => this.vectors.get(key) ?? []);
    return {
      vectors: found.map(({ key, data, metadata }) => ({
        key,
        ...(returnData && { data: { float32: [...data] } }),
        ...(returnMetadata && { metadata }),
      })),
    };
  }

  /** "Deletes one or more vectors": of those that are not there it says nothing. */
  delete({ keys }: KeysInput): object {
    checkKeys(keys, 500);
    for (const key of keys) this.vectors.delete(key);
    return {};
  }

  query(
    { topK, queryVector, filter, returnMetadata, returnDistance, nextToken }: QueryInput,
    pageSize: number,
  ): object {
    if (!(Number.isInteger(topK) && topK >= 1 && topK <= 10_000)) throw invalid("topK must be from 1 to 10000");
    const query = this.#vector(queryVector.float32);
    const found = [...this.vectors.values()]
      .filter(({ metadata }) => filter === undefined || this.#passes(filter, metadata))
      .map(({ key, data, metadata }) => ({ key, metadata, distance: this.#distance(query, data) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, topK);
    // "Continue with the same queryVector, topK, and filter."
    const session = JSON.stringify([topK, queryVector, filter]);
    const from = nextToken === undefined ? 0 : placeOf(nextToken, session);
    const next = from + pageSize;
    return {
      vectors: found.slice(from, next).map(({ key, metadata, distance }) => ({
        key,
        ...(returnDistance && { distance }),
        ...(returnMetadata && { metadata }),
      })),
      distanceMetric: this.settings.distanceMetric,
      ...(next < found.length && { nextToken: JSON.stringify([next, session]) }),
    };
  }

  #vector(float32: number[]): Float32Array {
    const { dimension, distanceMetric } = this.settings;
    const data = Float32Array.from(float32);
    if (data.length !== dimension) throw invalid(`The vector has ${data.length} numbers, not ${dimension}`);
    if (!data.every(Number.isFinite)) throw invalid("The vector has numbers that are no Float32");
    if (distanceMetric === "cosine" && data.every((number) => number === 0)) throw invalid("The vector is all zeros");
    return data;
  }

  /** Sizes as JSON, which are not below what AWS can count. */
  #metadata(key: string, metadata: unknown): Record<string, unknown> {
    if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) throw invalid("metadata");
    const entries = Object.entries(metadata);
    const filterable = entries.filter(([name]) => !this.settings.nonFilterable.includes(name));
    if (filterable.some(([, value]) => ![value].flat().every(isPlain))) throw invalid("metadata is of another type");
    if (entries.length > 50) throw invalid("metadata has over 50 keys");
    const problem = (which: string, most: number): Error =>
      invalid(`Invalid record for key '${key}': ${which} metadata must have at most ${most} bytes`);
    if (bytesOf(Object.fromEntries(filterable)) > 2_048) throw problem("Filterable", 2_048);
    if (bytesOf(metadata) > 40_960) throw problem("Total", 40_960);
    return metadata as Record<string, unknown>;
  }

  #distance(a: Float32Array, b: Float32Array): number {
    if (this.settings.distanceMetric !== "cosine") return Math.hypot(...a.map((number, i) => number - b[i]!));
    return 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  }

  /**
   * "Metadata filtering": `$eq`, said or not, and `$and`. Where the metadata is a list, one of it has to be equal. The
   * other operators are refused, because nobody here asks for them.
   */
  #passes(filter: unknown, metadata: Record<string, unknown>): boolean {
    if (typeof filter !== "object" || filter === null || Array.isArray(filter))
      throw invalid("filter is not an object");
    const entries = Object.entries(filter) as [string, unknown][];
    if (entries.length === 0) throw invalid("filter is empty");
    return entries.every(([name, condition]) => {
      if (name === "$and" && Array.isArray(condition)) return condition.every((one) => this.#passes(one, metadata));
      if (name.startsWith("$")) throw invalid(`The operator ${name} is not in this server.`);
      if (this.settings.nonFilterable.includes(name)) throw invalid(`${name} cannot be filtered by.`);
      const isOperator = typeof condition === "object" && condition !== null;
      if (isOperator && Object.keys(condition).join() !== "$eq") throw invalid("Only $eq is in this server.");
      const wanted: unknown = isOperator ? (condition as { $eq: unknown }).$eq : condition;
      if (!isPlain(wanted)) throw invalid("$eq takes no such value.");
      return [metadata[name]].flat().includes(wanted);
    });
  }
}

function checkKeys(keys: string[], most: number): void {
  if (keys.length < 1 || keys.length > most) throw invalid(`${keys.length} vectors`);
  if (new Set(keys).size < keys.length) throw invalid("A key is there twice.");
  if (keys.some((key) => key.length < 1 || key.length > 1_024)) throw invalid("A key is too long.");
}

function placeOf(token: string, session: string): number {
  const [from, of] = JSON.parse(token) as [number, string];
  if (of !== session) throw invalid("nextToken is of another query");
  return from;
}

const isPlain = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);

const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, number, i) => sum + number * b[i]!, 0);
