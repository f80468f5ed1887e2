import { START, Annotation, StateGraph, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { allEvents, eventsOf, serve, type Sent } from "../../lanes/server/served.js";

provideContext();

/* What becomes of events that are too many for a client, or too long for the log. */

/** Text that no compression makes shorter than three quarters. */
function random(chars: number): string {
  let text = "";
  while (text.length < chars) text += btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(3 * 4_096))));
  return text;
}

/** A graph that writes a text so many times, and then ends, or waits until it is told to stop. */
function writing(times: number, text: string, waits = false) {
  return new StateGraph(Annotation.Root({ done: Annotation<boolean> }))
    .addNode("write", async (_state, { writer, signal }: LangGraphRunnableConfig) => {
      for (let number = 0; number < times; number++) writer?.({ number, text });
      if (waits) await new Promise((resolve) => signal!.addEventListener("abort", resolve));
      return { done: true };
    })
    .addEdge(START, "write")
    .compile();
}

const numbers = (events: Sent[]): number[] =>
  events.filter(({ event }) => event === "custom").map(({ data }) => (data as { number: number }).number);

const body = { assistant_id: "writing", input: {}, stream_mode: "custom", stream_resumable: true };

test("an event that is too long for the log is heard live, and is left out of the log alone", async () => {
  const { call, json } = serve({ graphs: { writing: writing(1, random(600_000)) } });
  await json("POST", "/threads", { thread_id: "t" });
  const response = await call("POST", "/threads/t/runs/stream", body);
  const live = await allEvents(response);
  expect(numbers(live)).toEqual([0]);
  expect(live.at(-1)).toMatchObject({ event: "end" });
  const run = response.headers.get("content-location")!;
  expect(await json("GET", run)).toMatchObject({ status: "success" });
  const joined = await allEvents(await call("GET", `${run}/stream`, undefined, { "last-event-id": "-1" }));
  expect(joined.map(({ event }) => event)).toEqual(["metadata", "end"]);
});

test("a client that does not read is cut off behind what waits for it, and joins again without a gap", async () => {
  const { call, json, settled } = serve({ graphs: { writing: writing(60, "x".repeat(150_000)) } });
  await json("POST", "/threads", { thread_id: "t" });
  const response = await call("POST", "/threads/t/runs/stream", body);
  const location = response.headers.get("location")!;
  await settled();
  expect(await json("GET", response.headers.get("content-location")!)).toMatchObject({ status: "success" });

  const heard: Sent[] = [];
  const hear = async (from: Response): Promise<void> => {
    for await (const event of eventsOf(from)) heard.push(event);
  };
  await expect(hear(response)).rejects.toThrow("The client reads too slowly.");
  const before = heard.length;
  expect(before).toBeLessThan(60);
  await hear(await call("GET", location, undefined, { "last-event-id": heard.at(-1)!.id! }));
  expect(numbers(heard)).toEqual(Array.from({ length: 60 }, (_, number) => number));
  expect(heard.at(-1)).toMatchObject({ event: "end" });
});

test("a run that is to end with its client ends when the client is cut off", async () => {
  const { call, json, settled } = serve({ graphs: { writing: writing(60, "x".repeat(150_000), true) } });
  await json("POST", "/threads", { thread_id: "t" });
  const response = await call("POST", "/threads/t/runs/stream", { ...body, on_disconnect: "cancel" });
  await settled();
  expect(await json("GET", response.headers.get("content-location")!)).toMatchObject({ status: "interrupted" });
  await response.body!.cancel();
});
