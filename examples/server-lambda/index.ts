// The agent server as an AWS Lambda function, behind a function URL that streams. template.yaml deploys it, with its
// table and a schedule: the same function is called with another event then, and goes on with runs that are due.
//
//   npm run example -- server-lambda        in a local stand-in for Lambda
//   curl -N http://127.0.0.1:2024/runs/stream -H "authorization: Bearer local-token" --json \
//     '{"assistant_id": "agent", "input": {"messages": "Hello!"}, "stream_mode": "messages-tuple"}'
//   curl http://127.0.0.1:2024/2015-03-31/functions/function/invocations -d '{"source": "aws.scheduler"}'
import { pipeline } from "node:stream/promises";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import type { LambdaFunctionURLEvent } from "aws-lambda";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { createAgentServer } from "langgraph-checkpoint-dynamodb/server";

const token = process.env.AGENT_TOKEN;
if (!token) throw new Error("Set AGENT_TOKEN: what clients have to send.");

// In place of a model.
const model = new FakeListChatModel({ responses: ["Your model would answer here, word by word."], sleep: 20 });

const agent = new StateGraph(MessagesAnnotation)
  .addNode("answer", async ({ messages }) => ({ messages: await model.invoke(messages) }))
  .addEdge(START, "answer")
  .compile();

const server = createAgentServer({
  graphs: { agent },
  checkpointer: DynamoDBSaver.fromEnv(process.env),
  authenticate: (request) =>
    request.headers.get("authorization") === `Bearer ${token}`
      ? { owner: "me" }
      : new Response("Who are you?", { status: 401 }),
  limits: { drainSeconds: 600 }, // the function's 900 seconds, less the longest step
});

export const handler = awslambda.streamifyResponse(
  async (event: LambdaFunctionURLEvent | { source: string }, stream): Promise<void> => {
    if (!("rawPath" in event)) return void stream.end(String(await server.sweep()));

    const { rawPath, rawQueryString, headers, cookies = [], body, isBase64Encoded, requestContext } = event;
    const request = new Request(`https://${requestContext.domainName}${rawPath}?${rawQueryString}`, {
      method: requestContext.http.method,
      headers: [
        ...Object.entries(headers).map(([name, value = ""]) => [name, value] as [string, string]),
        ["cookie", cookies.join("; ")],
      ],
      body: body === undefined ? null : Buffer.from(body, isBase64Encoded ? "base64" : "utf8"),
    });
    const work: Promise<unknown>[] = [];
    const response = await server.fetch(request, undefined, { waitUntil: (promise) => void work.push(promise) });
    const answer = awslambda.HttpResponseStream.from(stream, {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
    });
    answer.write(""); // sends status and headers, where there is no body too
    if (response.body) await pipeline(response.body, answer);
    else answer.end();
    // Lambda freezes the function when it returns, so it waits for runs that nobody listens to.
    for (const promise of work) await promise;
  },
);
