import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { itemsWithPrefix } from "../lanes/stored/raw-table.js";
import { openTheatre, playInMemory, playInProcesses, type Played, type Process, type Program } from "./actors.js";

/* The frameworks that people build on, each left in the middle and taken up again in another process. */

const timeout = 400_000; // about thirty processes share the machine

let theatre: Awaited<ReturnType<typeof openTheatre>>;
beforeAll(async () => {
  theatre = await openTheatre();
}, timeout);
afterAll(() => theatre?.remove());

/**
 * Plays a program in several processes on DynamoDB, and in a single one on MemorySaver and InMemoryStore. Everything
 * must be the same: what was said and asked, what the tools did and how often, the history, and the checkpoints of
 * every namespace.
 */
async function playBoth(program: Program, processes: Process[], durability = "async"): Promise<Played> {
  const [expected, played] = await Promise.all([
    playInMemory(theatre.folder, program, processes, durability),
    playInProcesses(theatre.folder, program, processes, durability),
  ]);
  expect(played.acts).toEqual(expected.acts);
  expect(played.effects.toSorted()).toEqual(expected.effects.toSorted()); // tools work side by side
  return played;
}

/** What is left of threads, or where they are listed. */
const leftOfThreads = async (keyPrefix: string) =>
  (await itemsWithPrefix(keyPrefix)).filter(({ PK }) => PK!.S!.startsWith(`${keyPrefix}T`));

const saidIn = ({ values }: { values: { messages: { kwargs: { content: string } }[] } }): string[] =>
  values.messages.map(({ kwargs }) => kwargs.content);

test.concurrent(
  "createAgent keeps approvals, edits, rejections, questions of tools and summaries, and makes no payment twice " +
    "when it is killed",
  { timeout },
  async () => {
    const { acts, effects, keyPrefix } = await playBoth(
      "agent",
      [
        ["ask"],
        { act: "decide", diesIn: "transfer to Bob" },
        ["stream", "askForMore"],
        ["reject", "askTwice"],
        ["answerOne"],
        ["answerOther", "chat"],
        ["fork", "look", "forget"],
      ],
      "sync",
    );

    expect(acts.ask.asked[0].value.actionRequests).toMatchObject([
      { args: { to: "Ada", amount: 250 } },
      { args: { to: "Bob", amount: 10 } },
    ]);
    expect(acts.decide.said).toBe("Done: 250 sent to Ada, 5 sent to Bob.");
    expect(acts.stream.join("")).toContain("I see 6 messages; the first is: Send 250 to Ada and 10 to Bob.");
    expect(acts.reject.said).toBe("Done: Not to Eve..");
    expect(acts.askTwice).toMatchObject({
      of: 6,
      asked: [{ value: "Close savings account?" }, { value: "Close checking account?" }],
    });
    expect(acts.answerOne.asked).toMatchObject([{ value: "Close savings account?" }]);
    expect(acts.answerOther.said).toBe("Done: savings account: no, checking account: yes.");
    expect(acts.chat.said).toMatch(
      /^I see 10 messages; the first is: Here is a summary of the conversation to date: They had \d+ messages\.$/,
    );
    expect(acts.fork).toMatchObject({
      askedAgain: { asked: acts.ask.asked },
      forked: { said: "Done: 1 sent to Ada, 10 sent to Bob.", of: 5 },
    });
    expect(saidIn(acts.look.latest).slice(-3)).toEqual([
      "1 sent to Ada",
      "10 sent to Bob",
      "Done: 1 sent to Ada, 10 sent to Bob.",
    ]);
    expect(effects.slice(0, 2)).toEqual(["transfer 250 to Ada", "transfer 5 to Bob"]);
    expect(effects.slice(-2).sort()).toEqual(["transfer 1 to Ada", "transfer 10 to Bob"]);
    expect(effects).toHaveLength(6);
    expect(acts.forget).toEqual({});
    expect(await leftOfThreads(keyPrefix)).toEqual([]);
  },
);

test.concurrent.for(inject("effort") === "full" ? ["async", "exit"] : ["exit"])(
  "createAgent is taken up again with durability %s",
  { timeout },
  async (durability) => {
    const { acts } = await playBoth(
      "agent",
      [["ask"], ["decide", "askTwice"], ["answerOne"], ["answerOther", "fork", "look"]],
      durability,
    );

    expect(acts.decide.said).toBe("Done: 250 sent to Ada, 5 sent to Bob.");
    expect(acts.answerOther.said).toBe("Done: savings account: no, checking account: yes.");
    expect(acts.fork.forked.said).toBe("Done: 1 sent to Ada, 10 sent to Bob.");
    // Each run leaves one checkpoint when it ends, and the fork one more; or each superstep does.
    if (durability === "exit") expect(acts.look.history).toHaveLength(6);
    else expect(acts.look.history.length).toBeGreaterThan(20);
  },
);

test.concurrent(
  "deepagents go on with subagents that were killed or wait side by side, and another thread reads their files",
  { timeout },
  async () => {
    const { acts, effects, keyPrefix } = await playBoth(
      "deep-agent",
      [
        { act: "ask", diesIn: "search for owls" },
        ["decideOne"],
        ["decideOther"],
        ["recall", "memories", "look", "forget"],
      ],
      "sync",
    );

    expect(acts.ask.asked).toHaveLength(2);
    expect(acts.decideOne.asked).toMatchObject([
      { value: { actionRequests: [{ name: "write_file", args: { file_path: "/memories/owls.md" } }] } },
    ]);
    expect(acts.decideOther).toMatchObject({
      said: "The report has 2 parts.",
      files: { "/report.md": { content: expect.stringMatching(/^noted wolves: .*\nnoted owls: /) as string } },
    });
    expect(acts.recall.said).toContain("Owls see at night");
    expect(acts.memories).toMatchObject([
      { namespace: ["memories", "ada"], key: "/owls.md", value: { content: "Owls see at night" } },
      { namespace: ["memories", "ada"], key: "/wolves.md", value: { content: "wolves live in the woods" } },
    ]);
    expect(acts.look.namespaces.map(({ namespace }: { namespace: string }) => namespace)).toEqual([
      "",
      "tools:(id)",
      "tools:(id)",
    ]);
    expect(effects).toEqual(["search for wolves", "search for owls"]);
    expect(acts.forget).toBe(2);
    expect(await leftOfThreads(keyPrefix)).toEqual([]);
  },
);

test.concurrent(
  "langgraph-supervisor goes on within the agent that asks, and after it was killed",
  { timeout },
  async () => {
    const { acts, effects, keyPrefix } = await playBoth("supervisor", [
      ["ask", "inside"],
      { act: "answer", diesIn: "send" },
      ["again"],
      ["answerAndStream", "look", "forget"],
    ]);

    expect(acts.inside.tasks).toMatchObject([
      { name: "clerk", state: { next: ["tools"], tasks: [{ interrupts: [{ value: "How many apples?" }] }] } },
    ]);
    expect(acts.answer.said.at(-1)).toBe("All is done.");
    expect(acts.again.asked).toMatchObject([{ value: "How many pears?" }]);
    expect(acts.answerAndStream).toEqual([
      ...["clerk/tools", "clerk/agent", "/clerk", "supervisor/agent", "/supervisor"],
      ...["courier/agent", "courier/tools", "courier/agent", "/courier", "supervisor/agent", "/supervisor"],
    ]);
    expect(effects).toEqual(["order 3 apples", "send ordered 3 apples", "order 4 pears", "send ordered 4 pears"]);
    expect(await leftOfThreads(keyPrefix)).toEqual([]);
  },
);

test.concurrent("langgraph-swarm remembers who is to answer, and goes on within that agent", { timeout }, async () => {
  const { acts, effects, keyPrefix } = await playBoth("swarm", [
    ["ask", "inside"],
    { act: "answer", diesIn: "book" },
    ["greet", "back"],
    ["answerBack", "look", "forget"],
  ]);

  expect(acts.inside.tasks).toMatchObject([
    { name: "flights", state: { next: ["tools"], tasks: [{ interrupts: [{ value: "Book 12A?" }] }] } },
  ]);
  expect(acts.answer).toMatchObject({ said: "flights: 12A booked: yes", activeAgent: "flights" });
  expect(acts.greet).toMatchObject({ said: "flights is here." });
  expect(acts.answerBack).toMatchObject({ said: "trains: 7 booked: no", activeAgent: "trains" });
  expect(effects).toEqual(["yes: book 12A", "no: book 7"]);
  expect(await leftOfThreads(keyPrefix)).toEqual([]);
});
