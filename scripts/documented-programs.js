// Before `npm run typecheck`: writes the programs of the documentation to files, so that they are checked with the rest.
import { readDocuments } from "./lib/documents.js";
import { removeExamples, writeExample } from "./lib/documented-programs.js";

removeExamples();
for (const { blocks } of await readDocuments()) {
  for (const block of blocks) if (/^run\b/.test(block.mark)) writeExample(block);
}
