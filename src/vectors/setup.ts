import type { IndexDescription, S3Vectors } from "../aws/s3vectors/s3-vectors.js";
import { DynamoDBSaverError, invalidConfig } from "../errors.js";
import { ITEM } from "./places.js";

/** What `setup()` of an {@link S3VectorIndex} found or made. */
export interface VectorSetupResult {
  /** The vector bucket, and whether it was made now. */
  vectorBucket: { name: string; status: "created" | "existed" };
  /** The index, and whether it was made now. */
  index: { name: string; status: "created" | "existed" };
}

/** Whether each of the two was made now. What somebody else makes at the same time has existed. */
export async function setupIndex(
  s3Vectors: S3Vectors,
  dims: number,
): Promise<{ bucket: "created" | "existed"; index: "created" | "existed" }> {
  let described = await s3Vectors.getIndex();
  let bucket: "created" | "existed" = "existed";
  let index: "created" | "existed" = "existed";
  if (!described) {
    let made = await s3Vectors.createIndex(dims, [ITEM]);
    if (made === "no bucket") {
      bucket = (await s3Vectors.createVectorBucket()) ? "created" : "existed";
      made = await s3Vectors.createIndex(dims, [ITEM]);
    }
    if (made === "created") return { bucket, index: made };
    described = await s3Vectors.getIndex();
    if (made === "no bucket" || !described) throw vanished(s3Vectors);
    index = made;
  }
  checkIndex(s3Vectors, described, dims);
  return { bucket, index };
}

const vanished = (s3Vectors: S3Vectors): DynamoDBSaverError =>
  new DynamoDBSaverError(
    "BUCKET_NOT_FOUND",
    `There is no ${s3Vectors.place}, although it was made a moment ago. Somebody may be deleting it: call setup() ` +
      "again.",
  );

/** None of these can be changed once an index is there. */
function checkIndex(s3Vectors: S3Vectors, described: IndexDescription, dims: number): void {
  const { dataType, dimension, distanceMetric, metadataConfiguration } = described;
  const keys = metadataConfiguration?.nonFilterableMetadataKeys;
  const problems = [
    dimension !== dims && `its dimension is ${String(dimension)} and dims is ${dims}`,
    distanceMetric !== "cosine" && `its distanceMetric is ${JSON.stringify(distanceMetric)}, not "cosine"`,
    dataType !== "float32" && `its dataType is ${JSON.stringify(dataType)}, not "float32"`,
    !(Array.isArray(keys) && keys.includes(ITEM)) && `its nonFilterableMetadataKeys do not have "${ITEM}"`,
  ].filter((problem) => problem !== false);
  if (problems.length === 0) return;
  throw invalidConfig(
    `The ${s3Vectors.place} is there already, but ${problems.join(", and ")}. Give another indexName, or delete ` +
      "that index and put its items again.",
  );
}
