import { S3VectorIndex, type S3VectorIndexOptions } from "langgraph-checkpoint-dynamodb/s3-vectors";
import { canaries } from "../../../scripts/lib/testing/secrets.js";
import type { StoredVector } from "../servers/s3-vectors-index.js";
import { S3VectorsServer } from "../servers/s3-vectors.js";

/** Of the vector bucket and the index that tests use. */
export const VECTORS = { vectorBucketName: "agent-vectors", indexName: "memories" };

/** Temporary ones, which a browser may have too. */
export const VECTOR_KEYS = { accessKeyId: "VECTORKEY", ...canaries };

/** An index as a user would make one, on a server of its own unless there is one already. */
export function createVectorIndex(
  overrides: Partial<S3VectorIndexOptions> = {},
  server = new S3VectorsServer(VECTOR_KEYS),
): { vectorIndex: S3VectorIndex; server: S3VectorsServer } {
  const vectorIndex = new S3VectorIndex({
    ...VECTORS,
    dims: 8,
    region: "us-east-1",
    credentials: VECTOR_KEYS,
    fetch: server.fetch,
    ...overrides,
  });
  return { vectorIndex, server };
}

/** The same, set up. */
export async function openVectorIndex(
  ...args: Parameters<typeof createVectorIndex>
): Promise<ReturnType<typeof createVectorIndex>> {
  const made = createVectorIndex(...args);
  await made.vectorIndex.setup();
  made.server.takeOperations();
  return made;
}

/** A vector of 8 numbers that begins with these. */
export const vector = (...numbers: number[]): Float32Array =>
  Float32Array.from({ length: 8 }, (_, i) => numbers[i] ?? 0);
export const X = vector(1);
export const Y = vector(0, 1);

/** The items that a search has found, by namespace and key. */
export const found = (matches: { namespace: string[]; key: string }[]): string[] =>
  matches.map(({ namespace, key }) => [...namespace, key].join("/"));

/** All vectors of the tests' index. */
export const storedVectors = (server: S3VectorsServer): StoredVector[] =>
  server.vectors(VECTORS.vectorBucketName, VECTORS.indexName);
