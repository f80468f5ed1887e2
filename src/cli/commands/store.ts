import type { Command } from "commander";
import { duration, wholeNumber } from "../arguments.js";
import type { Open } from "../context.js";
import { withExample } from "../help.js";
import { namespaceIn } from "../store/namespace.js";

const NAMESPACE = 'labels as "memories/ada", or a JSON array of them';
const items = () => import("../store/items.js");
const transfer = () => import("../store/transfer.js");

/** What `DynamoDBStore` keeps in the table, beside the threads. */
export function addStore(program: Command, open: Open): void {
  const store = program.command("store").description("look after what agents remember across threads");
  withExample(store, "store search memories/ada");

  const list = store
    .command("namespaces")
    .description("list the namespaces that hold items")
    .argument("[namespace]", `only those that begin so: ${NAMESPACE}`, namespaceIn, [])
    .option("--depth <number>", "cut to so many labels", wholeNumber(1))
    .action(async (prefix: string[], { depth }: { depth?: number }, command: Command) =>
      (await items()).listNamespaces(await open(command), prefix, depth),
    );
  withExample(list, "store namespaces --depth 1");

  const get = store
    .command("get")
    .description("show an item")
    .argument("<namespace>", NAMESPACE, namespaceIn)
    .argument("<key>", "its key")
    .action(async (namespace: string[], key: string, _: object, command: Command) =>
      (await items()).getItem(await open(command), [namespace, key]),
    );
  withExample(get, "store get memories/ada tea");

  const put = store
    .command("put")
    .summary("store an item, over one that is there")
    .description("store an item, over one that is there; it is not found by meaning until the application puts it")
    .argument("<namespace>", NAMESPACE, namespaceIn)
    .argument("<key>", "its key")
    .argument("[value]", "an object, as JSON; else from stdin")
    .option("--ttl <duration>", 'it lives so long, as "30d"; else it stays', duration)
    .action(
      async (
        namespace: string[],
        key: string,
        value: string | undefined,
        { ttl }: { ttl?: number },
        command: Command,
      ) => (await items()).putItem(await open(command), [namespace, key], value, ttl),
    );
  withExample(put, `store put memories/ada tea '{"text": "likes tea"}'`);

  const remove = store
    .command("delete")
    .description("delete an item")
    .argument("<namespace>", NAMESPACE, namespaceIn)
    .argument("<key>", "its key")
    .option("-y, --yes", "without a question")
    .action(async (namespace: string[], key: string, { yes }: { yes?: boolean }, command: Command) =>
      (await items()).deleteItem(await open(command), [namespace, key], yes),
    );
  withExample(remove, "store delete memories/ada tea");

  const search = store
    .command("search")
    .description("list the items of a namespace and of those below it, the oldest first")
    .argument("[namespace]", NAMESPACE, namespaceIn, [])
    .option("--filter <json>", 'only values that have these: \'{"kind": "drink"}\', also with $gt, $in and so on')
    .option("--limit <number>", "at most so many", wholeNumber(1), 10)
    .option("--offset <number>", "without so many of the first", wholeNumber(0), 0)
    .action(async (prefix: string[], options: { filter?: string; limit: number; offset: number }, command: Command) =>
      (await items()).searchItems(await open(command), prefix, options),
    );
  withExample(search, `store search memories --filter '{"kind": "drink"}' --limit 50`);

  const save = store
    .command("export")
    .description("write items as lines of JSON")
    .argument("[namespace]", NAMESPACE, namespaceIn, [])
    .option("-o, --output <file>", "into a file; else to stdout")
    .action(async (prefix: string[], { output }: { output?: string }, command: Command) =>
      (await transfer()).exportItems(await open(command), prefix, output),
    );
  withExample(save, "store export memories -o memories.jsonl");

  const load = store
    .command("import")
    .summary("store the items of an export, over those that are there")
    .description(
      "store the items of an export, over those that are there; they are not found by meaning until the " +
        "application puts them",
    )
    .argument("[file]", "the export; else from stdin")
    .option("--ttl <duration>", 'they live so long, as "30d"; else they stay', duration)
    .action(async (file: string | undefined, { ttl }: { ttl?: number }, command: Command) =>
      (await transfer()).importItems(await open(command), file, ttl),
    );
  withExample(load, "store import memories.jsonl");
}
