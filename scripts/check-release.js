// `npm publish` runs this first: what only a release can fill in is filled in. In the folder where it is run.
// With a tag, as the workflow that releases has one: it is the version, and CHANGELOG.md has a section of it.
import { existsSync, readFileSync } from "node:fs";

const [tag] = process.argv.slice(2);
/** @type {{ repository: { url: string }, version: string }} */
const { repository, version } = JSON.parse(readFileSync("package.json", "utf8"));
const problems = [];
// No account of GitHub can have this name, so that nobody is sent to a stranger meanwhile.
if (repository.url.includes("_owner_"))
  problems.push(
    'package.json: put the address of the repository into "repository". npm makes "homepage" and "bugs" of it, ' +
      "and its page the links of the README.",
  );
for (const page of ["README.md", "docs/getting-started.md"])
  if (existsSync(page) && readFileSync(page, "utf8").includes("<!-- until the first release -->"))
    problems.push(
      `${page}: take out what stands between "<!-- until the first release -->" and its end. This is the first ` +
        "release.",
    );
if (tag !== undefined) {
  if (tag !== `v${version}`) problems.push(`The tag is ${tag}, and package.json says ${version}.`);
  if (!readFileSync("CHANGELOG.md", "utf8").split("\n").includes(`## ${version}`))
    problems.push(`CHANGELOG.md has no section of ${version}: npm run change -- version writes it.`);
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
