import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";

/** What is asked for with "weather in Paris" or "order tea" is a tool's; anything else is said again. */
const CALL = /^(weather|order)(?: in)? (\w+)/;

/** A model that streams word by word. Between its first and its second word it waits for what it is told to. */
export class EchoModel extends BaseChatModel {
  constructor(readonly between: (text: string) => Promise<void> = async () => undefined) {
    super({});
  }

  override _llmType(): string {
    return "echo";
  }

  override async _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    manager?: CallbackManagerForLLMRun,
  ): Promise<ChatResult> {
    let whole: ChatGenerationChunk | undefined;
    for await (const chunk of this._streamResponseChunks(messages, options, manager))
      whole = whole?.concat(chunk) ?? chunk;
    return { generations: [whole!] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    _options: this["ParsedCallOptions"],
    manager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const last = messages.at(-1)!;
    // In a Worker each request has a model of its own, so a count would begin again.
    const id = `answer-${crypto.randomUUID()}`;
    const [, tool, what] = (last.type === "human" && CALL.exec(last.text)) || [];
    const pieces = tool
      ? [
          { tool_call_chunks: [{ index: 0, id: `call-${id}`, name: tool, args: "" }], content: "" },
          { tool_call_chunks: [{ index: 0, args: '{"what":' }], content: "" },
          { tool_call_chunks: [{ index: 0, args: `"${what}"}` }], content: "" },
        ]
      : `You said ${last.text}.`.split(/(?= )/).map((content) => ({ content }));
    for (const [at, piece] of pieces.entries()) {
      if (at === 1) await this.between(last.text);
      const message = new AIMessageChunk({ ...piece, id });
      const chunk = new ChatGenerationChunk({ message, text: message.text });
      yield chunk;
      await manager?.handleLLMNewToken(message.text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}
