import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import type { Item as TableItem } from "../aws/dynamodb/items.js";
import type { EventListener } from "../aws/client/events.js";
import type { Entries } from "./entries/known.js";
import type { Namespace } from "./namespaces.js";
import type { Registry } from "./registry/registry.js";
import type { IndexWrites } from "./index-writes.js";
import type { Sketcher } from "./vectors/sketcher.js";
import type { VectorIndex } from "./vector-index.js";
import type { Embedder } from "./embedder.js";

export interface Sketches {
  sketcher: Sketcher;
  /** Whether all vectors are compared, whatever their sketches say. */
  areExact: boolean;
}

/** What the parts of a store share. Plain data and clients, no promise: safe between requests of a Worker. */
export interface StoreStorage {
  entries: Entries;
  registry: Registry;
  keyPrefix: string;
  serde: SerializerProtocol;
  embedder: Embedder | undefined;
  /** What a search by meaning reads first; `undefined` where vectors are not in the table. */
  sketches: Sketches | undefined;
  vectorIndex: VectorIndex | undefined;
  indexWrites: IndexWrites | undefined;
  maxValueBytes: number;
  consistentRead: boolean;
  refreshOnRead: boolean;
  /** Requests side by side. */
  maxConcurrency: number;
  onEvent: EventListener | undefined;
}

/** An item of the table, and the namespace it belongs to. */
export interface Found {
  namespace: Namespace;
  item: TableItem;
}

/** The same, with its value. */
export interface Opened extends Found {
  value: Record<string, unknown>;
  key: string;
  times: { createdAt: Date; updatedAt: Date };
  /** Of the value as it is serialized. */
  bytes: number;
}
