import { isDynamoDBSaverError } from "../../errors.js";
import { checkNamed, graphOfThread, type Graph, type GraphConfig } from "../graphs.js";
import { notFound, unfit } from "../http/http-error.js";
import { bodyOf, queryOf, type Call } from "../call.js";
import { fieldsIn, isFields, isOn, numberIn, textIn, type Fields } from "../http/fields.js";
import { json } from "../http/json.js";
import { namedCheckpoint } from "../runs/parse.js";
import { checkpointOf, stateShape } from "../shapes/state.js";
import { underLease, valuesIn } from "./under-lease.js";

const graphIn = ({ scope, thread }: Call): Graph => graphOfThread(scope, thread!.metadata);

/** Which checkpoint of the thread of the path a client names, whatever thread it names. */
const configIn = ({ thread }: Call, checkpoint: Fields | undefined, id?: string): GraphConfig => ({
  configurable: { thread_id: thread!.threadId, ...namedCheckpoint(checkpoint, id) },
});

/** Before LangGraph reads anything, it looks for the subgraph that a client names. */
const unlessNoSubgraph =
  ({ configurable }: GraphConfig) =>
  (error: unknown): never => {
    throw configurable.checkpoint_ns === "" || isDynamoDBSaverError(error)
      ? error
      : unfit("checkpoint_ns names no subgraph of this graph.");
  };

async function stateAt(call: Call, config: GraphConfig, subgraphs: boolean): Promise<Response> {
  const snapshot = await graphIn(call).getState(config, { subgraphs }).catch(unlessNoSubgraph(config));
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
  const values = valuesIn(body);
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
  if (typeof before === "string") return configIn(call, undefined, textIn(body, "before"));
  if (!isFields(before)) throw unfit("before must be a checkpoint's id, or a checkpoint.");
  return configIn(call, fieldsIn(before, "configurable") ?? before);
}

async function history(call: Call, asked: Fields): Promise<Response> {
  const limit = numberIn(asked, "limit", 10, call.scope.config.limits.history);
  const filter = fieldsIn(asked, "metadata");
  const before = beforeIn(call, asked);
  const config = configIn(call, fieldsIn(asked, "checkpoint"));
  const found: unknown[] = [];
  const options = { limit, ...(before && { before }), ...(filter && { filter }) };
  try {
    if (limit > 0) for await (const one of graphIn(call).getStateHistory(config, options)) found.push(stateShape(one));
  } catch (error) {
    unlessNoSubgraph(config)(error);
  }
  return json(found);
}

export const getHistory = (call: Call): Promise<Response> => history(call, queryOf(call));
export const searchHistory = async (call: Call): Promise<Response> => history(call, await bodyOf(call));
