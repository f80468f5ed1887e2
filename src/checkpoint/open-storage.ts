import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { longestRequestMs } from "../aws/client/retry.js";
import type { SaverConfig } from "../config/config.js";
import { openBackend } from "../payload/backend.js";
import { Incarnations } from "./incarnation.js";
import { FrameCache } from "./frame-cache.js";
import { ThreadIndex } from "./thread-index.js";
import type { Storage, Writing } from "./storage.js";

/** What a saver and a reader work on. Sends nothing yet. */
export function openStorage(config: SaverConfig, serde: SerializerProtocol, writing: Writing): Storage {
  const backend = openBackend(config, writing.compress);
  return {
    ...backend,
    incarnations: new Incarnations(backend.db),
    threads: new ThreadIndex(backend.db, config.keyPrefix, config.consistentRead),
    frames: new FrameCache(),
    serde,
    conflict: config.conflict,
    history: config.history,
    writeOrder: writing.writeOrder,
    longestRequestMs: longestRequestMs(config),
    questions: writing.questions,
    superseded: writing.superseded,
    consistentRead: config.consistentRead,
    refreshOnRead: config.refreshOnRead,
    keyPrefix: config.keyPrefix,
    onEvent: config.onEvent,
  };
}
