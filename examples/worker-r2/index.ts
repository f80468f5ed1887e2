// A Cloudflare Worker whose threads lie in DynamoDB, and what is large in them in R2, through R2's S3 interface: a
// document is stored once, however many checkpoints have it, and no item of the table comes near DynamoDB's 400 KB.
//
//   npm run example -- worker-r2        in workerd, with an embedded S3 in R2's place
//   curl -T package-lock.json http://127.0.0.1:8787/documents/lock
//   curl "http://127.0.0.1:8787/documents/lock/count?word=integrity"
import { END, START, StateGraph, StateSchema } from "@langchain/langgraph/web";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { z } from "zod";

/** The variables of wrangler.toml and the secrets it names. */
interface Env {
  R2_ENDPOINT: string;
  R2_BUCKET: string;
  R2_ACCESS_KEY_ID: string;
  R2_SECRET_ACCESS_KEY: string;
}

const State = new StateSchema({
  text: z.string().default(""),
  word: z.string().default(""),
  count: z.number().default(0),
});

/** Cheap, so that each request has its own: a Worker may not use the I/O of another request. */
function createAgent(env: Env) {
  const checkpointer = DynamoDBSaver.fromEnv(env, {
    s3: {
      bucket: env.R2_BUCKET,
      endpoint: env.R2_ENDPOINT,
      credentials: { accessKeyId: env.R2_ACCESS_KEY_ID, secretAccessKey: env.R2_SECRET_ACCESS_KEY },
      region: "auto",
      forcePathStyle: true,
    },
  });
  const graph = new StateGraph(State)
    .addNode("search", ({ text, word }) => ({ count: word ? text.split(word).length - 1 : 0 }))
    .addEdge(START, "search")
    .addEdge("search", END)
    .compile({ checkpointer });
  return { checkpointer, graph };
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const [, id, action] = /^\/documents\/([^/]+)(\/count)?$/.exec(url.pathname) ?? [];
    if (id === undefined) return Response.json({ error: "Try PUT /documents/:id" }, { status: 404 });

    const { checkpointer, graph } = createAgent(env);
    const config = { configurable: { thread_id: decodeURIComponent(id) } };

    if (request.method === "PUT") {
      await checkpointer.setup(); // finds everything there, after the first time; better done when deploying
      const text = await request.text();
      await graph.updateState(config, { text }, "search"); // as if a run had ended with it
      return Response.json({ characters: text.length }, { status: 201 });
    }
    if (request.method === "DELETE") {
      await checkpointer.deleteThread(config.configurable.thread_id); // its objects in R2 as well
      return new Response(null, { status: 204 });
    }
    if (action) {
      const { count } = await graph.invoke({ word: url.searchParams.get("word") ?? "" }, config);
      return Response.json({ count });
    }
    const state = await graph.getState(config);
    if (!state.createdAt) return Response.json({ error: "There is no such document." }, { status: 404 });
    return new Response((state.values as typeof State.State).text);
  },
};
