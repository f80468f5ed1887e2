// `npm run docs`: writes the reference pages from the types in src/ and their comments.
import { mkdirSync, writeFileSync } from "node:fs";
import { referencePages } from "./lib/reference.js";

for (const { url, name, text, undocumented } of referencePages()) {
  if (undocumented.length > 0) {
    console.error(`${name}: these have no description in src/: ${undocumented.join(", ")}`);
    process.exitCode = 1;
  }
  mkdirSync(new URL(".", url), { recursive: true });
  writeFileSync(url, text);
  console.log(`wrote ${name}`);
}
