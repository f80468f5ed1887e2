import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel, type BaseChatModelCallOptions } from "@langchain/core/language_models/chat_models";
import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";

/** What a model is told besides the conversation. */
export interface ModelOptions extends BaseChatModelCallOptions {
  /** What the user has said in other threads: data, to which a model must not listen as it does to its instructions. */
  memories?: string[];
}

/** A chat model of LangChain's whose answer comes in pieces, so that LangGraph can stream them. */
export abstract class Model extends BaseChatModel<ModelOptions> {
  /** The next message, perhaps with tool calls. */
  protected abstract answer(messages: BaseMessage[], options: ModelOptions): AsyncIterable<AIMessageChunk>;

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: ModelOptions,
    run?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    for await (const message of this.answer(messages, options)) {
      const chunk = new ChatGenerationChunk({ message, text: message.text });
      yield chunk;
      await run?.handleLLMNewToken(message.text, undefined, undefined, undefined, undefined, { chunk });
    }
  }

  /** Where nobody listens to the pieces. */
  async _generate(messages: BaseMessage[], options: ModelOptions): Promise<ChatResult> {
    let whole: AIMessageChunk | undefined;
    for await (const message of this.answer(messages, options)) whole = whole ? whole.concat(message) : message;
    if (!whole) throw new Error("The model has given no answer.");
    return { generations: [{ message: whole, text: whole.text }] };
  }
}
