import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { longestRequestMs } from "../aws/client/retry.js";
import type { SaverConfig } from "../config/config.js";
import { openBackend } from "../payload/backend.js";
import type { Compress } from "../format/compression.js";
import { Incarnations } from "./incarnation.js";
import { Superseded } from "./write/latest-only.js";
import { type Storage } from "./storage.js";
import { FrameCache } from "./frame-cache.js";
import { ThreadIndex } from "./thread-index.js";
import { WriteOrder } from "../format/write-order.js";

/** What a saver and a reader work on. Sends nothing yet. */
export function openStorage(config: SaverConfig, serde: SerializerProtocol, compress: Compress): Storage {
  const backend = openBackend(config, compress);
  return {
    ...backend,
    incarnations: new Incarnations(backend.db),
    threads: new ThreadIndex(backend.db, config.keyPrefix, config.consistentRead),
    frames: new FrameCache(),
    serde,
    conflict: config.conflict,
    writeOrder: new WriteOrder(),
    longestRequestMs: longestRequestMs(config),
    superseded: config.history === "latest" ? new Superseded() : undefined,
    consistentRead: config.consistentRead,
    refreshOnRead: config.refreshOnRead,
    keyPrefix: config.keyPrefix,
    onEvent: config.onEvent,
  };
}
