// `npm publish` runs this first: what only a release can fill in is filled in. In the folder where it is run.
import { readFileSync } from "node:fs";

/** @type {{ repository: { url: string } }} */
const { repository } = JSON.parse(readFileSync("package.json", "utf8"));
const problems = [];
// No account of GitHub can have this name, so that nobody is sent to a stranger meanwhile.
if (repository.url.includes("_owner_"))
  problems.push(
    'package.json: put the address of the repository into "repository". npm makes "homepage" and "bugs" of it, ' +
      "and its page the links of the README.",
  );
if (readFileSync("README.md", "utf8").includes("<!-- until the first release -->"))
  problems.push(
    'README.md: take out what stands between "<!-- until the first release -->" and its end. This is the first ' +
      "release.",
  );

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
