import { AsyncLocalStorage } from "node:async_hooks";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";

/** `interrupt()` finds its task by this. LangGraph sets it up by itself in Node, but not where it is built for the web. */
export function useAsyncContext(): void {
  AsyncLocalStorageProviderSingleton.initializeGlobalInstance(new AsyncLocalStorage());
}
