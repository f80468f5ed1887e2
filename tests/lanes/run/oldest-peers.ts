import type { Plugin } from "vite";
import { ensureOldestPeers } from "../../../scripts/lib/testing/peers.js";

/**
 * Gives whoever imports LangChain the oldest of it that the package admits. They are installed when somebody asks
 * first.
 */
export function fromOldestPeers(): Plugin {
  let folder: Promise<string> | undefined;
  return {
    name: "oldest peers",
    enforce: "pre",
    async resolveId(id, _importer, options) {
      if (!id.startsWith("@langchain/")) return null;
      // As if a file beside them had imported it. Vite looks there only if that file exists.
      folder ??= ensureOldestPeers();
      return this.resolve(id, `${await folder}package.json`, { ...options, skipSelf: true });
    },
  };
}
