import { assistantOf, assistantsOf, graphOf, type Assistant } from "./graphs.js";
import { notSpoken } from "./http/http-error.js";
import { bodyOf, queryOf, type Call } from "./call.js";
import { fieldsIn, numberIn, textIn } from "./http/fields.js";
import { json } from "./http/json.js";
import { contains } from "./threads/search.js";

/* Assistants are the graphs, and nothing else. */

const EPOCH = new Date(0).toISOString();

const shape = ({ id, name }: Assistant): Record<string, unknown> => ({
  assistant_id: id,
  graph_id: name,
  name,
  description: null,
  version: 1,
  config: {},
  context: {},
  metadata: { created_by: "system" },
  created_at: EPOCH,
  updated_at: EPOCH,
});

const asked = (call: Call): Promise<Assistant> => assistantOf(call.scope, call.path.assistant_id!);

async function found(call: Call): Promise<{ all: Record<string, unknown>[]; limit: number; offset: number }> {
  const body = await bodyOf(call);
  const [graph, name, metadata] = [textIn(body, "graph_id"), textIn(body, "name"), fieldsIn(body, "metadata") ?? {}];
  const all = (await assistantsOf(call.scope))
    .map(shape)
    .filter(
      (one) =>
        (graph === undefined || one.graph_id === graph) &&
        (name === undefined || String(one.name).toLowerCase().includes(name.toLowerCase())) &&
        contains(one.metadata, metadata),
    );
  return { all, limit: numberIn(body, "limit", 10, 1_000), offset: numberIn(body, "offset", 0, Infinity) };
}

export async function searchAssistants(call: Call): Promise<Response> {
  const { all, limit, offset } = await found(call);
  return json(all.slice(offset, offset + limit), { headers: { "x-pagination-total": String(all.length) } });
}

export const countAssistants = async (call: Call): Promise<Response> => json((await found(call)).all.length);

export const getAssistant = async (call: Call): Promise<Response> => json(shape(await asked(call)));

export async function getAssistantGraph(call: Call): Promise<Response> {
  const graph = graphOf(call.scope, (await asked(call)).name);
  if (!graph.getGraphAsync) throw notSpoken("drawing of this graph");
  const { xray } = queryOf(call);
  const drawn = await graph.getGraphAsync({ xray: xray === "true" || (Number(xray) > 0 && Number(xray)) });
  return json(drawn.toJSON());
}

/**
 * LangGraph knows the schemas of its graphs only with a package beside it: any object fits. Which channels a state has,
 * the graph knows by itself.
 */
export async function getSchemas(call: Call): Promise<Response> {
  const { name } = await asked(call);
  const any = { type: "object" };
  const channels = [graphOf(call.scope, name).streamChannelsAsIs ?? []].flat();
  return json({
    graph_id: name,
    input_schema: any,
    output_schema: any,
    state_schema: { ...any, properties: Object.fromEntries(channels.map((channel) => [channel, {}])) },
    config_schema: any,
    context_schema: any,
  });
}

export async function getSubgraphs(call: Call): Promise<Response> {
  const { name } = await asked(call);
  const { namespace } = call.path;
  const isDeep = queryOf(call).recurse === "true";
  const any = { type: "object" };
  const found: Record<string, unknown> = {};
  for await (const [ns] of graphOf(call.scope, name).getSubgraphsAsync?.(namespace, isDeep) ?? [])
    found[ns] = { graph_id: name, input_schema: any, output_schema: any, state_schema: any, config_schema: any };
  return json(found);
}
