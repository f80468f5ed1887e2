/*
 * What docs/command-line.md says beside the screens.
 */

import { edit, lease, rollback, store, watch } from "./command-line-repairs.js";

/**
 * A run that is shown.
 * @typedef {object} Shown
 * @property {string[]} args
 * @property {number} [columns] of the terminal; 100 by default
 * @property {readonly (readonly [shown: string, keys: string])[]} [keys]
 * @property {string} [before] what is said in front of it
 * @property {RegExp} [busy] what is on the screen of a machine that is too busy to show; then it is run again
 */

/**
 * @typedef {object} About
 * @property {string} does in a few words
 * @property {string} says
 * @property {Shown[]} screens
 * @property {string} [json] the shape of what `--json` gives
 */

export const intro = `# Command line

<!-- Written by \`npm run docs\`: the text is in scripts/lib/docs/command-line-text.js, and the screens are from a
real run.
-->

For whoever has to see and repair a thread at night, without writing code; and for scripts. It comes with the package:

\`\`\`sh
npx langgraph-checkpoint-dynamodb threads --table langgraph-checkpoints --region us-east-1
\`\`\`

The table and where it is can also be in the environment: \`DYNAMODB_TABLE_NAME\`, and all that the AWS command line
reads (\`AWS_REGION\`, \`AWS_PROFILE\`, \`AWS_ACCESS_KEY_ID\`, \`AWS_ENDPOINT_URL_DYNAMODB\` and so on). \`--profile\`
takes roles, SSO and all that the AWS configuration knows. [Below](#options-of-all-commands) are all options. If it does
not work, [\`doctor\`](#doctor) says why.`;

/** @type {Record<string, About>} */
export const commands = {
  threads: {
    does: "Lists the threads.",
    says: `Ordered by id, and streamed: a million of them take no more memory than ten.

**Which failed, wait or run?** \`threads --status failed,waiting,running --since 12h\`. It reads the latest
checkpoint of every thread that is listed: 8 requests for the list, 1 a megabyte more, and 1 a thread, which
is 1 read unit or a little more. At the end it says how many they were. \`--prefix\` makes them fewer;
\`--since\` does not. What a status says:

| status | |
|---|---|
| \`running\` | Somebody has the thread to itself, by a lease. |
| \`failed\` | A task of the latest step has failed. |
| \`waiting\` | A task waits for the answer to its \`interrupt()\`. |
| \`unfinished\` | Nodes are to run next. A run without a lease is under way, or has died, or \
the graph stops before a node (\`interruptBefore\`): what is stored is the same. |
| \`done\` | Nothing is to run. |
| \`unreadable\`, \`empty\` | The latest checkpoint cannot be read; there is none of the root graph. |`,
    screens: [
      { args: ["threads"] },
      { args: ["threads", "--latest"] },
      { args: ["threads", "--status"] },
      {
        args: ["threads", "--latest", "--prefix", "order-", "--limit", "1"],
        columns: 40,
        before: "Where a terminal is too narrow for a table, each row is a block of lines:",
      },
    ],
    json:
      "a line a thread, `{ threadId, createdAt }`; with `--latest` also `latest: { checkpointId, step, time } " +
      "| null`, with `--leases` also `lease: { holder, until, token } | null`; with " +
      "`--status` or `--since` `{ threadId, createdAt, status, latest: { checkpointId, step, time } | null, next: " +
      "[node], errors, interrupts, lease, problems }`.",
  },
  inspect: {
    does: "Shows a thread's checkpoints, or the state at one of them.",
    says: `Newest first, with forks drawn from the parents, a table for each namespace. \`+\` is a channel that was
added, \`~\` one that changed, \`-\` one that went. \`added\` is what the step has stored: its items, and the segments
that its parent does not share, before compression; \`state\` is all that it refers to. What cannot be read is named
where it stands, in red, everything else is shown, and it ends with 1. It is told from the lists of segments, and no
value is read; \`--verify\` reads them all, and finds what is damaged too. A thread that runs meanwhile is shown as it
was at one moment.`,
    screens: [
      {
        args: ["inspect", "order-1041"],
        before: "A thread in which somebody went back to a question, corrected the price, and was asked again:",
      },
      {
        args: ["inspect", "order-1041", "--limit", "2"],
        columns: 40,
        before: "The beginning of it, on a narrow terminal:",
      },
      {
        args: ["inspect", "order-1041", "--checkpoint", "latest"],
        before: "The state at one checkpoint, with what tasks have written to it:",
      },
      {
        args: ["inspect", "order-1041", "--channel", "messages", "--depth", "1"],
        before: "One channel, and when it changed:",
      },
    ],
    json: `a line a checkpoint, \`{ namespace, checkpointId, parentId, parentIsThere, step, source, runId, time, next:
[node], tasks: [{ taskId, channels, writes, interrupts, error, bytes }], changes: [{ channel, change, bytes, newBytes }]
| null, deltaChannels, bytes: { items, newSegments, state }, expiresAt, problems: [{ code, message, part }] }\`; in
bounded memory, however long the thread is. With \`--checkpoint\` one such document, and in it \`metadata\`, \`channels:
[{ channel, type, bytes, version, segments, value | base64 | problem }]\` and \`pendingWrites: [{ taskId, writes: [{
index, channel, type, bytes, value | base64 | problem }] }]\`. With \`--channel\` a line a change, \`{ namespace,
checkpointId, parentId, step, time, change, channel, type, bytes, version, segments, value | base64 | problem }\`.`,
  },
  watch,
  diff: {
    does: "Shows what is different between two checkpoints.",
    says: `Of one alone, since its parent. Messages and other objects with an \`id\` are known by it, so a list that was
trimmed at its beginning is not different in all of its parts.`,
    screens: [{ args: ["diff", "order-1041", "latest"] }, { args: ["diff", "order-1041", "latest~3", "latest"] }],
    json: `\`{ before: { namespace, checkpointId, step } | null, after, problems, channels: [{ channel, change, before,
after, differences: [{ path, change, before, after, from }] | null }] }\`; \`before\` and \`after\` of a channel as in
\`inspect --checkpoint\`.`,
  },
  cost: {
    does: "Shows what a thread takes, and what its steps cost.",
    says: `In units as DynamoDB bills them, 1 KB to write and 4 KB to read, each item rounded up by itself. It reads all
of the thread once. Prices are those published for us-east-1, on demand; options put others in their place.`,
    screens: [{ args: ["cost", "order-1041"] }],
    json: `\`{ threadId, steps, items: { checkpoints, writes, segments, pointers, other: { items, bytes, writeUnits } },
objects: { count, bytes, missing }, writeUnitsPerStep, latest: { readUnits, cachedReadUnits, objects } | null, history:
{ readUnits, objects }, dollars: { millionSteps, millionLoads, millionCachedLoads, historyOnce, storageMonth }, prices,
priceSources, problems }\`.`,
  },
  lease,
  export: {
    does: "Writes a thread as lines of JSON.",
    says:
      "Byte for byte as it is stored: what is encrypted stays so. A file appears when it is whole. A thread that " +
      "runs meanwhile is exported as if its process had died at that moment.",
    screens: [{ args: ["export", "order-1041", "-o", "order-1041.jsonl"] }],
    json: "without `-o` the export itself, which is JSON lines anyway; with it `{ threadId, file, items, bytes }`.",
  },
  import: {
    does: "Stores a thread from an export.",
    says:
      "Compressed or not. The thread is there when it is complete. A thread that is there already is never " +
      "touched. A line of more than 8 MiB, which no export has, is refused before it is in memory.",
    screens: [
      { args: ["import", "order-1041.jsonl", "--as", "order-1041-restored"] },
      { args: ["import", "order-1041.jsonl"] },
    ],
    json: "`{ threadId, items }`.",
  },
  copy: {
    does: "Stores a thread under another id as well.",
    says: "For example before a repair, or to try something on.",
    screens: [{ args: ["copy", "order-1041", "order-1041-before-repair"] }],
    json: "`{ from, to, items }`.",
  },
  rollback,
  edit,
  prune: {
    does: "Removes old checkpoints.",
    says:
      "What stays reads as before, and runs may go on meanwhile: [Threads for " +
      "years](threads.md#pruning) says how. It asks first; `--yes` is for scripts.",
    screens: [
      { args: ["prune", "order-1041", "--keep-last", "2", "--dry-run"] },
      { args: ["prune", "order-1041", "--keep-last", "2"], keys: [["No", "y"]] },
    ],
    json:
      "`{ dryRun, threads, checkpointsRead, freed: { checkpoints, writes, segments, objects, bytes, later: { " +
      "segments, objects } } }`.",
  },
  delete: {
    does: "Deletes threads.",
    says:
      "With all that belongs to them, in DynamoDB and in S3. With `--checkpoint` only that one of a thread, and what " +
      "tasks have written to it; never the latest: [`rollback`](#rollback) makes another one that first. What a " +
      "`DeltaChannel` is rebuilt from stays for it, out of sight. It asks first; `--yes` is for scripts.",
    screens: [{ args: ["delete", "order-1041-restored", "order-1041-before-repair"], keys: [["No", "y"]] }],
    json:
      "`{ deleted: [thread], unknown: [thread] }`; with `--checkpoint` `{ threadId, namespace, checkpointId, " +
      "freed }`, with `freed` as in `prune`.",
  },
  release: {
    does: "Frees a thread that somebody has to itself.",
    says:
      "For a holder that is known to be dead, when its lease is too long to be waited for: [Two runs on one " +
      "thread](operations.md#two-runs-on-one-thread). One that lives is told, and ends. `threads --leases` shows who " +
      "has what. It asks first; `--yes` is for scripts.",
    screens: [{ args: ["release", "order-1041", "--yes"] }],
    json: "`{ threadId, released: { holder, until } | null }`.",
  },
  store,
  setup: {
    does: "Creates what is missing, or prints infrastructure that does.",
    says:
      "What the method `setup()` of the saver creates. With `--print` it writes a template with the table, the " +
      "bucket's rules and the policies for your options, to be deployed by the tool of your choice.",
    screens: [{ args: ["setup", "--ttl", "7d", "--dry-run"] }, { args: ["setup", "--print", "iam"] }],
    json: "`{ dryRun, table: { name, status }, timeToLive, lifecycleRule }`.",
  },
  doctor: {
    does: "Looks for what is wrong with the setup.",
    says:
      "Credentials, clock, endpoint, table, each permission by trying it, a round trip of a thread, and with " +
      "`--s3-bucket` the same of the bucket. For what is wrong it says the remedy. It may run beside live " +
      "agents, and leaves nothing behind.",
    screens: [{ args: ["doctor"], busy: /took \d+ ms/ }],
    json: "`{ ok, findings: [{ check, status, finding, remedy }] }`.",
  },
  completion: {
    does: "Prints the script by which a shell completes.",
    says:
      "Commands, options, and ids of threads by what they begin with, where the table can be found in the " +
      "environment or in the line. For those it waits 1.5 seconds, or `CHECKPOINT_COMPLETION_MS` milliseconds. " +
      "The shell must find `langgraph-checkpoint-dynamodb` on its path (`npm install --global`), and bash needs " +
      "its package bash-completion. Where a file belongs, the shell offers its own names.",
    screens: [],
  },
};

/** @param {string} options what the help says of those that all commands have */
export const outro = (options) => `## Options of all commands

\`\`\`text
${options}
\`\`\`

A key is never given on the command line, where others on the machine could see it.

## For scripts

Results go to stdout; questions, progress, notes and errors to stderr. With \`--json\`, nothing but JSON goes to stdout:
one document, or one a line for what is many. Its shapes only grow. An error is then JSON on stderr too: \`{ "error": {
code, message, remedy } }\`, with [these codes](troubleshooting.md), and \`USAGE\` where the command line is wrong.

An id that begins with \`-\` goes behind \`--\`, and all options before that: \`inspect --limit 5 -- -42\`.

| exit code | |
|---|---|
| 0 | It did what it should. |
| 1 | It failed, \`doctor\` found something wrong, or what was named is not there: a thread, \
a checkpoint, a channel, a namespace. Of several threads, those that are there are done all the same. |
| 2 | Wrong usage, or nobody there to say yes. |
| 130 | Interrupted by Ctrl-C (143 by SIGTERM). It says what was done and how to go on; all commands can be run again. |

A pipe that is closed early (\`| head\`) is no failure. Colour is for terminals: \`NO_COLOR\`, \`FORCE_COLOR\` and
\`--no-color\` say otherwise. What comes out of the table, such as the id of a thread, is shown with its control
characters written out, so that it cannot act on a terminal.`;
