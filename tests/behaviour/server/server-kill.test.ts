import { Annotation, interrupt, START, StateGraph, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { atEachRequest } from "../../lanes/server/each-request.js";
import { mortal, post } from "../../lanes/server/mortal.js";
import { eventsOf, serve, type Sent, type Served } from "../../lanes/server/served.js";
import { createSaver } from "../../lanes/savers/harness.js";

provideContext();

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

/** What was paid, by the key of what it was paid for: a node may run again, and its effect happens once. */
const paid = new Set<string>();

/** Three steps, of which the second asks twice before it pays. */
const graph = new StateGraph(State)
  .addNode("one", () => ({ log: ["one"] }))
  .addNode("two", (_state, { configurable }: LangGraphRunnableConfig) => {
    const answers = [interrupt<string, string>("Two?"), interrupt<string, string>("Surely?")];
    paid.add([configurable?.["payer"], ...answers].join(" "));
    return { log: [`two ${answers.join(" ")}`] };
  })
  .addNode("three", () => ({ log: ["three"] }))
  .addEdge(START, "one")
  .addEdge("one", "two")
  .addEdge("two", "three")
  .compile();

interface Life {
  after: number;
  isWhole: boolean;
}

/** The thread is free for the next run, if not at once. */
async function whenFree({ call }: Served, after: number, body: object): Promise<void> {
  for (;;) {
    const next = await call("POST", "/threads/t/runs/wait", body);
    await next.text();
    if (next.status === 200) break;
    expect([after, next.status]).toEqual([after, 422]);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** A run in an isolate that dies after so many requests, and then everything that a client would do to see its end. */
async function live(after: number, body: object, isAnswer: boolean): Promise<Life> {
  const served = serve({ graphs: { agent: graph }, limits: { leaseSeconds: 1 } });
  const { json, world } = served;
  await json("POST", "/threads", { thread_id: "t" });
  const before = isAnswer ? [{ input: {} }, { command: { resume: "yes" } }] : [];
  for (const each of before) await json("POST", "/threads/t/runs/wait", { assistant_id: "agent", ...each });
  const one = mortal({ ...served, another: (more) => served.another({ checkpointer: createSaver(world), ...more }) });
  one.die(after);
  const seen: Sent[] = [];
  const payer = crypto.randomUUID();
  const config = { configurable: { payer } };
  const whole = { assistant_id: "agent", config, stream_mode: "updates", stream_resumable: true, ...body };
  const response = await post(one.server, "/threads/t/runs/stream", whole);
  const location = response.headers.get("location");
  if (location !== null) {
    try {
      for await (const event of eventsOf(response)) seen.push(event);
    } catch {
      // The connection breaks with the isolate.
    }
    const isOver = (): boolean => ["end", "error"].includes(seen.at(-1)?.event ?? "");
    const headers = { "last-event-id": seen.at(-1)?.id ?? "-1" };
    if (!isOver())
      for await (const event of eventsOf(await served.call("GET", location, undefined, headers))) seen.push(event);
    expect([after, seen.at(-1)?.event]).toEqual([after, "end"]);
    const ids = seen.flatMap(({ id }) => (id === undefined ? [] : [BigInt(id)]));
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => (a < b ? -1 : 1)));
    const runs = await json<{ run_id: string; status: string }[]>("GET", "/threads/t/runs");
    await json("GET", `/threads/t/runs/${runs[0]!.run_id}/join`);
    expect([after, await json("GET", "/threads/t/runs")]).toMatchObject([
      after,
      runs.map(() => ({ status: "success" })),
    ]);
    const { values } = await json<{ values: { log: string[] } }>("GET", "/threads/t/state");
    expect([after, values.log]).toEqual([after, isAnswer ? ["one", "two yes sure", "three"] : ["one"]]);
    const payments = [...paid].filter((key) => key.startsWith(payer));
    expect([after, payments]).toEqual([after, isAnswer ? [`${payer} yes sure`] : []]);
  }
  await whenFree(served, after, { assistant_id: "agent", input: { log: ["next"] } });
  const thread = await json<{ status: string }>("GET", "/threads/t");
  expect([after, thread.status]).toEqual([after, "interrupted"]);
  return { after, isWhole: one.sent < after };
}

test.each([
  ["begins a thread", { input: {} }, false],
  ["answers the second question of a node that pays", { command: { resume: "sure" } }, true],
])(
  "a run that %s ends as if its isolate had lived, after whichever request that one dies",
  async (_, body, isAnswer) => {
    const lives = atEachRequest(
      (after) => live(after, body, isAnswer),
      ({ isWhole }) => isWhole,
    );
    expect((await lives).cuts).toBeGreaterThan(10);
  },
);

/** Two questions side by side, and a step behind their answers. */
const beside = new StateGraph(State)
  .addNode("left", () => ({ log: [`left ${interrupt<string, string>("Left?")}`] }))
  .addNode("right", () => ({ log: [`right ${interrupt<string, string>("Right?")}`] }))
  .addNode("behind", () => ({ log: ["behind"] }))
  .addEdge(START, "left")
  .addEdge(START, "right")
  .addEdge(["left", "right"], "behind")
  .compile();

interface Question {
  id: string;
  value: string;
}

/** One of the questions, or both, are answered in an isolate that dies after so many requests. */
async function answerBeside(after: number, answered: string[]): Promise<boolean> {
  const served = serve({ graphs: { agent: beside }, limits: { leaseSeconds: 1 } });
  const { json, call, world } = served;
  await json("POST", "/threads", { thread_id: "t" });
  await json("POST", "/threads/t/runs/wait", { assistant_id: "agent", input: {} });
  const { interrupts } = await json<{ interrupts: Record<string, Question[]> }>("GET", "/threads/t");
  const asked = Object.values(interrupts).flat();
  const answer = (values: string[]): object => ({
    assistant_id: "agent",
    command: {
      resume: Object.fromEntries(asked.flatMap(({ id, value }) => (values.includes(value) ? [[id, "yes"]] : []))),
    },
  });
  const one = mortal({ ...served, another: (more) => served.another({ checkpointer: createSaver(world), ...more }) });
  one.die(after);
  await (await post(one.server, "/threads/t/runs/wait", answer(answered))).text().catch(() => "");
  const runs = await json<{ run_id: string }[]>("GET", "/threads/t/runs");
  if (runs.length === 2) {
    await (await call("GET", `/threads/t/runs/${runs[0]!.run_id}/join`)).text();
    expect([after, await json("GET", "/threads/t/runs")]).toMatchObject([
      after,
      runs.map(() => ({ status: "success" })),
    ]);
    // Where it died between the two, who looks at the thread writes that down.
    const statusNow = async () => (await json<{ status: string }>("GET", "/threads/t")).status;
    while ((await statusNow()) === "busy") await new Promise((resolve) => setTimeout(resolve, 100));
    expect([after, await statusNow()]).toEqual([after, answered.length === 2 ? "idle" : "interrupted"]);
    if (answered.length === 1) await whenFree(served, after, answer(["Right?"]));
    const { values } = await json<{ values: { log: string[] } }>("GET", "/threads/t/state");
    expect([after, values.log]).toEqual([after, ["left yes", "right yes", "behind"]]);
  }
  return one.sent < after;
}

test.each([[["Left?"]], [["Left?", "Right?"]]])(
  "a run that answers %j of two questions asked side by side ends so, after whichever request its isolate dies",
  async (answered) => {
    const lives = atEachRequest(
      (after) => answerBeside(after, answered),
      (isWhole) => isWhole,
    );
    expect((await lives).cuts).toBeGreaterThan(8);
  },
);
