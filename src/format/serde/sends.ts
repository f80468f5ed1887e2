type Json = Record<string, unknown>;

/* LangGraph's Send, and where a Command goes to, as they are stored. */

/** LangGraph knows a Send that was stored by its node and its arguments. */
export function sendOf(object: Json): Json {
  const { lg_name: _, timeout, ...send } = object;
  return timeout === undefined ? send : { ...send, timeout };
}

/** A Command has made JSON of the Sends that it goes to. */
export function gotoOf(goto: unknown): unknown {
  if (Array.isArray(goto)) return goto.map(gotoOf);
  return (goto as Json | null | undefined)?.lg_name === "Send" ? sendOf(goto as Json) : goto;
}
