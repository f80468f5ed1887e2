import type { SaverConfig } from "../../config/config.js";
import { compress } from "../../format/compression.js";
import { WriteOrder } from "../../format/write-order.js";
import type { Writing } from "../storage.js";
import { Superseded } from "../superseded.js";
import { Questions } from "../questions.js";

/** What a saver stores with. */
export const writingFor = ({ history }: Pick<SaverConfig, "history">): Writing => ({
  compress,
  writeOrder: new WriteOrder(),
  questions: new Questions(),
  superseded: history === "latest" ? new Superseded() : undefined,
});
