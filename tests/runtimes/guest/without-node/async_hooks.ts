/** That of the Worker without Node compatibility: enough for `interrupt()` in front of a node's first `await`. */
export { SynchronousContext as AsyncLocalStorage } from "../../../../workers/synchronous-context.js";
