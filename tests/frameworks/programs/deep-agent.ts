import { Command } from "@langchain/langgraph";
import { CompositeBackend, createDeepAgent, StateBackend, StoreBackend } from "deepagents";
import { checkpointer, did, hasStored, look, mayDie, play, store, thread } from "./stage.js";
import { lastRequest, ScriptedModel, toolAnswers } from "./scripted-model.js";
import { tool } from "langchain";
import { z } from "zod";

/**
 * deepagents: two researchers side by side, who ask before they write; what they write is in the store, for every
 * thread.
 */

const search = tool(
  async ({ topic }, config) => {
    await mayDie(`search for ${topic}`, () => hasStored(config, "wolves live in the woods"));
    did(`search for ${topic}`);
    return `${topic} live in the woods`;
  },
  { name: "search", description: "Searches.", schema: z.object({ topic: z.string() }) },
);

const topicOf = (text: string) => /about (\w+)/.exec(text)?.[1] ?? "nothing";

const researcher = new ScriptedModel((messages) => {
  const topic = topicOf(lastRequest(messages));
  const answers = toolAnswers(messages);
  if (answers.length === 0) return [{ tool: "search", args: { topic } }];
  if (answers.length === 1)
    return [{ tool: "write_file", args: { file_path: `/memories/${topic}.md`, content: answers[0]! } }];
  return `noted ${topic}: ${answers[1]}`;
});

const writer = new ScriptedModel((messages) => {
  const request = lastRequest(messages);
  const answers = toolAnswers(messages);
  if (request.startsWith("What"))
    return answers.length === 0
      ? [{ tool: "read_file", args: { file_path: `/memories/${topicOf(request)}.md` } }]
      : answers[0]!;
  const topics = request.match(/wolves|owls/g) ?? [];
  if (answers.length === 0)
    return topics.map((topic) => ({
      tool: "task",
      args: { description: `Find out about ${topic}`, subagent_type: "researcher" },
    }));
  if (answers.length === topics.length)
    return [{ tool: "write_file", args: { file_path: "/report.md", content: answers.join("\n") } }];
  return `The report has ${topics.length} parts.`;
});

const agent = createDeepAgent({
  model: writer,
  backend: new CompositeBackend(new StateBackend(), {
    "/memories/": new StoreBackend({ namespace: ["memories", "ada"] }),
  }),
  subagents: [
    {
      name: "researcher",
      description: "Finds out.",
      systemPrompt: "Find out and note it.",
      model: researcher,
      tools: [search],
      interruptOn: { write_file: true },
    },
  ],
  checkpointer,
  store,
});

type Decision =
  | { type: "approve" }
  | { type: "edit"; editedAction: { name: string; args: object } }
  | { type: "reject"; message: string };
const say = (content: string) => ({ messages: [{ role: "user", content }] });

const talk = async (input: Parameters<typeof agent.invoke>[0], config = thread("report")) => {
  const {
    messages,
    files,
    __interrupt__: asked,
  } = (await agent.invoke(input, config)) as {
    messages: { text: string }[];
    files?: object;
    __interrupt__?: { value?: unknown }[];
  };
  // Those who work side by side ask in the order in which they come to it.
  return {
    said: messages.at(-1)!.text,
    files,
    asked: asked?.toSorted((a, b) => (JSON.stringify(a.value) < JSON.stringify(b.value) ? -1 : 1)),
  };
};

/** Decides about those open questions that are about a file. */
const decide = async (decisions: Record<string, Decision>) => {
  const { tasks } = await agent.graph.getState(thread("report"));
  const open = tasks.flatMap(({ interrupts }) => interrupts);
  const answers = open.flatMap(({ id, value }) => {
    const [, decision] = Object.entries(decisions).find(([topic]) => JSON.stringify(value).includes(topic)) ?? [];
    return decision ? [[id, { decisions: [decision] }]] : [];
  });
  return talk(new Command({ resume: Object.fromEntries(answers) }));
};

await play({
  ask: () => talk(say("Report on wolves and owls.")),
  decideOne: () => decide({ wolves: { type: "approve" } }),
  async decideOther() {
    return decide({
      owls: {
        type: "edit",
        editedAction: { name: "write_file", args: { file_path: "/memories/owls.md", content: "Owls see at night" } },
      },
    });
  },
  goOn: () => talk(null),
  recall: () => talk(say("What do you know about owls?"), thread("another")),
  async memories() {
    const items = await store.search(["memories"]);
    return items
      .map(({ namespace, key, value }) => ({ namespace, key, value }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  },
  look: () => look(agent.graph, "report"),
  async forget() {
    for (const id of ["report", "another"]) await checkpointer.deleteThread(id);
    return (await store.search(["memories"])).length;
  },
});
