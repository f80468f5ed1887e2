/*
 * Text that small values are made of, for codec 2: a checkpoint of an agent at rest is mostly these names, and
 * DynamoDB bills by the KB of each item. What is most frequent stands last, where references to it are shortest.
 * Part of the storage format: a change needs a codec of its own.
 */
const TEXT =
  '"type":"tool_call","tool_call_id":"call_","name":""invalid_tool_calls":[],"usage_metadata":{"input_tokens":,' +
  '"output_tokens":,"total_tokens":}' +
  '"source":"update""source":"fork""source":"input","step":-1,' +
  '"parents":{}}__error____interrupt____resume____pregel_tasks"lc":2,"type":"undefined"' +
  '[{"lc":1,"type":"constructor","id":["langchain_core","messages","SystemMessage"]' +
  '"ToolMessage""AIMessageChunk""HumanMessage""AIMessage"],' +
  '"kwargs":{"content":"","tool_calls":[],"additional_kwargs":{},"response_metadata":{},"id":"' +
  '{"source":"loop","step":1,"parents":{}}{"v":4,"id":"1f","ts":"2026-01-01T00:00:00.000Z",' +
  '"channel_versions":{"__start__":1,"messages":2,"branch:to:agent":3}' +
  ',"versions_seen":{"__input__":{},"__start__":{"__start__":1},"agent":{"branch:to:agent":2}}}' +
  '[[["messages",2],["__pregel_tasks",null]],[["json",64],["json",41],["json",2]]]';

export const DICTIONARY = new TextEncoder().encode(TEXT);
