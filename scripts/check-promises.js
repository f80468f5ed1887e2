import { checkPromises } from "./lib/testing/promises.js";

/* Says whether the tests are there that SECURITY.md names for its promises. `npm test` does the same. */

const { rows, problems } = checkPromises();
for (const problem of problems) console.error(problem);
if (problems.length > 0 || rows === 0) process.exitCode = 1;
else console.log(`${rows} promises, and the tests that try them are there.`);
