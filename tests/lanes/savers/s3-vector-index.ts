import { S3VectorIndex, type S3VectorIndexOptions } from "langgraph-checkpoint-dynamodb/s3-vectors";
import { canaries } from "../../../scripts/lib/testing/secrets.js";
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
