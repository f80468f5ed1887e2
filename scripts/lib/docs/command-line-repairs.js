/*
 * What docs/command-line.md says of the commands that watch threads, repair them, and look after a store.
 */

/** @import { About } from "./command-line-text.js" */

/** @type {About} */
export const watch = {
  does: "Follows a thread.",
  says: `Its checkpoints as they come, and what it is doing whenever that changes, with the words of \`threads
--status\`. Each look is 1 request, and 3 or so more when something has come. It ends at Ctrl-C, or with
\`--until\` as soon as the thread is one of these.`,
  screens: [{ args: ["watch", "order-1042", "--until", "done,failed,waiting"] }],
  json:
    "a line each: `{ checkpoint }`, as a line of `inspect`, and `{ status, checkpointId, next, errors, interrupts, " +
    "lease }` when that changes.",
};

/** @type {About} */
export const lease = {
  does: "Shows who has a thread to itself, and until when.",
  says: "1 request. `threads --leases` shows it of many, and [`release`](#release) takes it away.",
  screens: [{ args: ["lease", "order-1041"] }],
  json: "`{ threadId, lease: { holder, until, token } | null }`.",
};

/** @type {About} */
export const rollback = {
  does: "Lets a thread go on from an earlier checkpoint.",
  says: `A copy of that checkpoint becomes the latest, as LangGraph makes one itself, and the next \`invoke\`
goes on from there. Nothing is deleted: what came after it stays as history, on a branch of its own. Nodes that
are next run anew: one that had waited there asks again, and subgraphs begin again. It says what it would do and
asks first; \`--yes\` is for scripts.

It takes a [lease](operations.md#two-runs-on-one-thread) for a moment. Where somebody has the thread, it is
refused, unless \`--break-lease\` takes the thread away; where the thread has gone on since the question, too. A
run that has no lease cannot be seen: what that one stores afterwards is history as well.`,
  screens: [{ args: ["rollback", "order-1041", "latest~1", "--dry-run"] }],
  json: "`{ dryRun, threadId, from, previous, next: [node], checkpointId }`; `checkpointId` is null in a dry run.",
};

/** @type {About} */
export const edit = {
  does: "Changes a thread's state in an editor.",
  says: `The latest state of the root graph as JSON, in \`$VISUAL\` or \`$EDITOR\`. What was changed becomes an
update on top of the thread, and what is to run next stays so. Messages and other objects of LangChain stand
there as their constructor and its arguments (\`kwargs\`), and stay of their class. A question that waits is
asked anew when its node runs, and tasks of the step that had an end already run again; it says so before it
asks. What is no JSON, and a \`DeltaChannel\`, is left out: the graph's own \`updateState\` can change that.

Nobody is kept from the thread while you edit. Where it has gone on meanwhile, or somebody has it, nothing is
changed, and the file is kept: \`--from FILE\` takes it. \`--from\` is for scripts too: \`{ thread, checkpoint,
values }\`, where \`checkpoint\` has to be the latest still.`,
  screens: [
    {
      args: ["edit", "order-1041-before-repair"],
      keys: [["No", "y"]],
      before: "With an editor that writes 199 where 249 stood (`EDITOR=\"sed -i s/249/199/\"`):",
    },
  ],
  json: "`{ threadId, previous, checkpointId, channels: [channel] }`; `checkpointId` is null where nothing changed.",
};

/** @type {About} */
export const store = {
  does: "Looks after what agents remember across threads.",
  says: `The items of a \`DynamoDBStore\`. A namespace is its labels with \`/\` between them, or a JSON array.
Each command has its own \`--help\`. An export is lines of JSON, \`{ namespace, key, value, createdAt, updatedAt
}\`; an import stores them anew, with another time. Nothing here knows your model: what is put or imported is
not found by meaning until the application puts it, a \`vectorIndex\` outside of the table is not told, and an
export does not say when an item expires.`,
  screens: [
    { args: ["store", "put", "memories/ada", "tea", '{"text":"likes tea","kind":"drink"}'] },
    { args: ["store", "search", "memories"] },
    { args: ["store", "namespaces"] },
  ],
  json:
    "an item is `{ namespace, key, value, createdAt, updatedAt }`, and null where there is none; `namespaces` gives " +
    "`{ namespace }`, `put` `{ namespace, key }`, `delete` `{ namespace, key, deleted }`, `import` `{ items }`, and " +
    "`export -o` `{ namespace, file, items }`.",
};
