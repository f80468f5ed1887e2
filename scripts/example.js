import { ensureInstalled } from "./lib/install.js";

// Nothing but Node is imported above the install: a fresh clone has nothing else.

const [name, ...args] = process.argv.slice(2);

try {
  ensureInstalled();
  const { examples } = await import("./lib/docs/examples.js");
  if (name === undefined) {
    console.log("npm run example -- <name> [arguments of the example]\n");
    const width = Math.max(...Object.keys(examples).map((name) => name.length));
    for (const [name, { shows }] of Object.entries(examples)) console.log(`  ${name.padEnd(width)}  ${shows}`);
    console.log(
      "\nDynamoDB and S3 are embedded; what an example stores is kept in .data/examples. Without arguments it " +
        "starts afresh.",
    );
  } else {
    const example = Object.hasOwn(examples, name) ? examples[name] : undefined;
    if (!example) throw new Error(`There is no example ${name}. There are ${Object.keys(examples).join(", ")}.`);
    const { runExample } = await import("./lib/docs/run-example.js");
    process.exitCode = await runExample(name, example, args);
  }
} catch (error) {
  console.error(`npm run example failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
