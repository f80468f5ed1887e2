// `node scripts/recall.js`: how many of the nearest vectors are found by their sketches, among 10,000 each. Installs
// models of npm packages into .cache/recall, and keeps what they computed there.
import { ensureInstalled } from "./lib/install.js";

const synthetic = process.argv.includes("--synthetic");

try {
  ensureInstalled();
  const sets = await import("./lib/recall/synthetic.js");
  const { recallOf } = await import("./lib/recall/measure.js");
  const { tableRow, tableHead } = await import("./lib/recall/table.js");
  console.log(tableHead);
  if (!synthetic) {
    const real = await import("./lib/recall/real.js");
    real.ensurePackages();
    const sentences = await real.sentences();
    tableRow(sentences.name, recallOf(sentences));
    tableRow(`${sentences.name}, at 1 bit`, recallOf(sentences, 1));
    const shared = sets.withShared(`${sentences.name}, and a shared mean`, sentences, 1.5);
    tableRow(shared.name, recallOf(shared));
    for (const words of await real.words()) tableRow(words.name, recallOf(words));
  }
  const lowRank = sets.lowRank();
  for (const set of [
    lowRank,
    sets.withShared("the same, and a shared mean", lowRank, 1.5),
    sets.withShared("the same, and one direction that dominates", lowRank, 10),
    sets.clusters(),
    sets.counts(),
    sets.sparse(),
    sets.nearDuplicates(),
    sets.noise(),
    sets.counts(26),
    sets.noise(4),
  ])
    tableRow(set.name, recallOf(set));
} catch (error) {
  console.error(`recall failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
