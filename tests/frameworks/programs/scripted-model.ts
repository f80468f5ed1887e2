import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";

/** What the model says, or the tools that it calls. */
export type Reply = string | { tool: string; args: Record<string, unknown> }[];

/** A reply follows from the messages alone, so that another process goes on as this one would have. */
export type Script = (messages: BaseMessage[]) => Reply;

/** In place of a model: it follows a script, calls tools, and streams what it says word by word. */
export class ScriptedModel extends BaseChatModel {
  readonly #script: Script;

  constructor(script: Script) {
    super({});
    this.#script = script;
  }

  _llmType(): string {
    return "scripted";
  }

  /** The script knows the tools. */
  override bindTools(): this {
    return this;
  }

  async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const message = new AIMessage(this.#answer(messages));
    return { generations: [{ text: message.text, message }] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    _options: unknown,
    runManager?: { handleLLMNewToken(token: string): Promise<void> },
  ): AsyncGenerator<ChatGenerationChunk> {
    const { content, tool_calls } = this.#answer(messages);
    const calls = tool_calls.map(({ name, args, id }, index) => ({
      name,
      args: JSON.stringify(args),
      id,
      index,
      type: "tool_call_chunk" as const,
    }));
    if (calls.length > 0)
      yield new ChatGenerationChunk({
        text: "",
        message: new AIMessageChunk({ content: "", tool_call_chunks: calls }),
      });
    for (const text of content.match(/\S+\s*/g) ?? []) {
      yield new ChatGenerationChunk({ text, message: new AIMessageChunk({ content: text }) });
      await runManager?.handleLLMNewToken(text);
    }
  }

  #answer(messages: BaseMessage[]) {
    const reply = this.#script(messages);
    if (typeof reply === "string") return { content: reply, tool_calls: [] };
    const tool_calls = reply.map(({ tool, args }, i) => ({
      name: tool,
      args,
      id: `call-${messages.length}-${i}`,
      type: "tool_call" as const,
    }));
    return { content: "", tool_calls };
  }
}

/** The last thing that the user said. */
export const lastRequest = (messages: BaseMessage[]): string =>
  messages.findLast(({ type }) => type === "human")?.text ?? "";

/** What tools have answered since then. */
export function toolAnswers(messages: BaseMessage[]): string[] {
  const since = messages.findLastIndex(({ type }) => type === "human");
  return messages.slice(since + 1).flatMap((message) => (message.type === "tool" ? [message.text] : []));
}
