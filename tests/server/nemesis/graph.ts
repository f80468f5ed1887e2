import { Annotation, interrupt, START, StateGraph, type LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Random } from "../../lanes/hostile/random.js";

/* What the runs of the nemesis do: they write who they are into a log, step by step. */

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  asks: Annotation<boolean>,
});

const STEPS = ["a", "b", "c"] as const;
/** All that a run writes, in this order: its input comes first. */
export const ENTRIES = ["in", ...STEPS] as const;

export const inputOf = (tag: string, asks: boolean) => ({ log: [`${tag} in`], asks });
export const answerTo = (question: string): string => `yes to ${question}`;

/** Money that was sent, by the answer that allowed it: the key is what makes an effect happen once. */
export class Ledger {
  readonly paid = new Set<string>();
  /** Answers that were given to another question than they were meant for. */
  readonly wrong: string[] = [];

  pay(question: string, answer: string): void {
    if (answer !== answerTo(question)) this.wrong.push(`${answer}, for ${question}`);
    this.paid.add(answer);
  }
}

/** Three steps, each for a moment. The second may ask twice. */
export function workGraph(random: Random, ledger: Ledger) {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5 + random.below(80)));
  const step =
    (name: string) =>
    async ({ log, asks }: typeof State.State, { writer }: LangGraphRunnableConfig): Promise<typeof State.Update> => {
      const tag = log.findLast((entry) => entry.endsWith(" in"))!.split(" ")[0]!;
      const questions = asks && name === "b" ? [`${tag} one`, `${tag} two`] : [];
      const answers = questions.map((question) => interrupt<string, string>(question));
      for (let i = 0; i < 3; i++) {
        writer?.({ tag, name, i });
        await pause();
      }
      for (const [i, answer] of answers.entries()) ledger.pay(questions[i]!, answer);
      return { log: [`${tag} ${name}`] };
    };
  return new StateGraph(State)
    .addNode("a", step("a"))
    .addNode("b", step("b"))
    .addNode("c", step("c"))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addEdge("b", "c")
    .compile();
}
