import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ours = readFileSync("LICENSE", "utf8").trim();

/**
 * What the licenses of bundled packages ask for: their names, and the text of each license once.
 *
 * @param {Iterable<string>} inputs files that went into a bundle
 */
export function noticeOf(inputs) {
  /** @type {Map<string, Set<string>>} */
  const byText = new Map();
  const folders = new Set([...inputs].flatMap((file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  for (const folder of folders) {
    const { name, version, license, author, repository } = JSON.parse(
      readFileSync(join(folder, "package.json"), "utf8"),
    );
    if (typeof license !== "string") throw new Error(`${name} does not say its license, and it is bundled.`);
    const texts = readdirSync(folder)
      .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
      .sort()
      .map((file) => readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim());
    // Some packages have no copy of it. Ours has the words of the MIT license, and of the others each has one here.
    if (texts.length === 0) {
      const holder = author?.name ?? author ?? repository?.url ?? repository ?? name;
      const [, ...words] = license === "MIT" ? ours.split(/^Copyright.*$/m) : ["", `${license}, as printed here.`];
      texts.push(`Copyright ${holder}\n${words.join("").trim()}`);
    }
    const text = texts.join("\n\n");
    byText.set(text, (byText.get(text) ?? new Set()).add(`${name} ${version} (${license})`));
  }
  const parts = [...byText].map(([text, names]) => `${[...names].sort().join("\n")}\n\n${text}\n`).sort();
  return ["The command line in this folder holds code of these packages.\n", ...parts].join(`\n${"-".repeat(80)}\n\n`);
}
