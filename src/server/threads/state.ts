import { checkNamed, graphOfThread, type Graph, type GraphConfig } from "../graphs.js";
import { notFound, unfit } from "../http/http-error.js";
import { bodyOf, queryOf, type Call } from "../call.js";
import { fieldsIn, isFields, isOn, numberIn, textIn, type Fields } from "../http/fields.js";
import { json } from "../http/json.js";
import { checkpointOf, stateShape } from "../shapes/state.js";
import { underLease } from "./under-lease.js";

const graphIn = ({ scope, thread }: Call): Graph => graphOfThread(scope, thread!.metadata);

/** Which checkpoint of the thread of the path a client names, whatever thread it names. */
function configIn(call: Call, checkpoint: Fields | undefined, id?: string): GraphConfig {
  const { checkpoint_id, checkpoint_ns, checkpoint_map } = checkpoint ?? {};
  const named = id ?? (typeof checkpoint_id === "string" && checkpoint_id !== "" ? checkpoint_id : undefined);
  return {
    configurable: {
      thread_id: call.thread!.threadId,
      ...(typeof checkpoint_ns === "string" && { checkpoint_ns }),
      ...(named !== undefined && { checkpoint_id: named }),
      ...(isFields(checkpoint_map) && { checkpoint_map }),
    },
  };
}

async function stateAt(call: Call, config: GraphConfig, subgraphs: boolean): Promise<Response> {
  const snapshot = await graphIn(call).getState(config, { subgraphs });
  // LangGraph gives an empty state in its place.
  if (config.configurable.checkpoint_id !== undefined && !snapshot.metadata) throw notFound("checkpoint");
  return json(stateShape(snapshot));
}

export async function getState(call: Call): Promise<Response> {
  const { checkpoint_id } = call.path;
  const config = configIn(call, undefined, checkpoint_id);
  return stateAt(call, config, isOn(queryOf(call).subgraphs));
}

/** What RemoteGraph always asks. */
export async function getStateAt(call: Call): Promise<Response> {
  const body = await bodyOf(call);
  return stateAt(call, configIn(call, fieldsIn(body, "checkpoint")), isOn(body.subgraphs));
}

export async function updateState(call: Call): Promise<Response> {
  const body = await bodyOf(call);
  const { values = null } = body;
  const asNode = textIn(body, "as_node");
  const { configurable } = configIn(call, fieldsIn(body, "checkpoint"), textIn(body, "checkpoint_id"));
  await checkNamed(call.scope, call.thread!.threadId, configurable);
  const graph = graphIn(call);
  const { config } = await underLease(call.scope, call.thread!, graph, (held) =>
    graph.updateState({ configurable: { ...configurable, ...held } }, values, asNode),
  );
  return json({ checkpoint: checkpointOf(config), configurable: checkpointOf(config) });
}

function beforeIn(call: Call, body: Fields): GraphConfig | undefined {
  const { before } = body;
  if (before === undefined || before === null || before === "") return undefined;
  if (typeof before === "string") return configIn(call, undefined, before);
  if (!isFields(before)) throw unfit("before must be a checkpoint's id, or a checkpoint.");
  return configIn(call, isFields(before.configurable) ? before.configurable : before);
}

async function history(call: Call, asked: Fields): Promise<Response> {
  const limit = numberIn(asked, "limit", 10, call.scope.config.limits.history);
  const filter = fieldsIn(asked, "metadata");
  const before = beforeIn(call, asked);
  const config = configIn(call, fieldsIn(asked, "checkpoint"));
  const found: unknown[] = [];
  if (limit > 0)
    for await (const snapshot of graphIn(call).getStateHistory(config, {
      limit,
      ...(before && { before }),
      ...(filter && { filter }),
    }))
      found.push(stateShape(snapshot));
  return json(found);
}

export const getHistory = (call: Call): Promise<Response> => history(call, queryOf(call));
export const searchHistory = async (call: Call): Promise<Response> => history(call, await bodyOf(call));
