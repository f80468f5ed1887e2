import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { canonical } from "../calls/contents.js";
import type { Span } from "../model/records.js";
import { fail, short } from "../model/shown.js";
import { isSure, type LeaseModel, type RecordedPut, type RecordedRun, type RecordedTask } from "./records.js";

const nameOf = (put: RecordedPut | undefined): string =>
  put ? `${put.id.slice(0, 18)} of run ${put.run.n} with token ${put.run.token || "none"}` : "none";

/** What holds of everything that is read, whoever reads it, and of what holders read after their first read. */
export class LeaseJudge {
  /** @param currentToken that of the thread's marker */
  constructor(
    private readonly model: LeaseModel,
    private readonly currentToken: (thread: string) => number | undefined,
  ) {}

  /** Whether it is still the youngest holder, so that its fence holds. */
  isCurrent(run: RecordedRun | undefined): run is RecordedRun {
    return run !== undefined && run.token > 0 && !run.isUnsure && this.currentToken(run.thread) === run.token;
  }

  /** The latest checkpoint of a namespace, and its writes. @param run of a holder */
  latest(
    tuple: CheckpointTuple | undefined,
    [thread, ns]: [string, string],
    run: RecordedRun | undefined,
    span: Span,
  ): RecordedPut | undefined {
    const put = tuple && this.known(tuple, thread, ns);
    const first = run && run.token > 0 ? run.bases.get(ns) : undefined;
    // What a list has been read with stays the latest to a holder.
    const start = run?.listed.get(ns) ?? span.start;
    if (first) this.#notLate(put, first, run!, ns, span);
    else if (!put?.isUnsure) this.#youngest(put, thread, ns, { ...span, start });
    if (run && run.token > 0 && !first) run.bases.set(ns, { base: put, start: start.step, end: span.end.step });
    if (put) this.writes(tuple, put, run, first ? span : { ...span, start });
    return put;
  }

  /** The checkpoint that was read: it is as it was put. */
  known(tuple: CheckpointTuple, thread: string, ns: string): RecordedPut {
    const id = tuple.checkpoint.id;
    const put = this.model.find(thread, ns, id) ?? fail(`${id} of ${thread} ${ns} is read, and was never put`);
    const { n } = tuple.checkpoint.channel_values;
    if (n !== put.value) fail(`${nameOf(put)} has ${short(canonical(n))}, not ${put.value}`);
    return put;
  }

  /** To those who read for the first time, the latest is that of the youngest lease that has stored something. */
  #youngest(put: RecordedPut | undefined, thread: string, ns: string, { start }: Span): void {
    const { model } = this;
    const sure = model.surePuts(thread, ns, start.step);
    const claims = model.tasks.filter(
      (one) => one.put.thread === thread && one.put.ns === ns && one.claims && isSure(one, start.step),
    );
    const youngest = Math.max(0, ...sure.map(({ run }) => run.token), ...claims.map(({ run }) => run.token));
    const newest = sure
      .filter(({ run }) => run.token === youngest)
      .sort(byId)
      .at(-1);
    if (!put) {
      if (sure.length > 0) fail(`There is no latest checkpoint, and ${nameOf(newest ?? sure[0])} was put`);
      return;
    }
    // A write of a younger lease may be there, although nobody was told so.
    if (model.epochMax(put) > youngest) return;
    const token = model.tokenMax(put);
    if (model.epochMax(put) < youngest || (newest && token < youngest))
      fail(
        `An older lease has put the latest, ${nameOf(put)}: ${nameOf(newest)}, or a write of ${youngest}, is hidden`,
      );
    // Without a lease it may be of any token up to that one.
    const isSame = put.run.token > 0 ? token === youngest : token <= youngest;
    if (newest && isSame && put.id < newest.id)
      fail(`The latest is ${nameOf(put)}, and ${nameOf(newest)} was acknowledged at step ${newest.end}`);
  }

  /** To a holder, the latest stays what it has read first, or is what it has put since. */
  #notLate(
    put: RecordedPut | undefined,
    { base }: { base: RecordedPut | undefined },
    run: RecordedRun,
    ns: string,
    { start }: Span,
  ): void {
    if (!this.isCurrent(run)) return;
    const own = this.model.surePuts(run.thread, ns, start.step).filter((one) => one.run === run);
    const last = own.sort(byId).at(-1);
    const isLate = put !== base && (!put || (!put.isUnsure && this.model.tokenMax(put) < run.token));
    if (isLate) fail(`Holder ${run.n} of ${run.token} reads ${nameOf(put)} as the latest, after ${nameOf(base)}`);
    if (last && (!put || put === base || put.id < last.id))
      fail(`Holder ${run.n} of ${run.token} reads ${nameOf(put)} as the latest, and has put ${nameOf(last)}`);
  }

  /** What is pending: to everyone the writes of the youngest lease, and to a holder none that came late. */
  writes(tuple: CheckpointTuple, put: RecordedPut, run: RecordedRun | undefined, { start }: Span): RecordedTask[] {
    const shown = (tuple.pendingWrites ?? []).map((write) => {
      const text = canonical(write);
      return this.model.byText.get(text) ?? fail(`${nameOf(put)} has a write that nobody has made: ${short(text)}`);
    });
    const isHolder = run !== undefined && run.token > 0;
    const first = isHolder ? run.shown.get(put) : undefined;
    if (isHolder && !first) run.shown.set(put, new Set(shown));
    const all = this.model.tasks.filter((one) => one.put === put);
    for (const one of shown) if (one.put !== put) fail(`${nameOf(put)} has a write to ${nameOf(one.put)}`);
    const late = shown.find((one) => !one.isSpecial && one.run.token > 0 && shown.some((ask) => asksAfter(ask, one)));
    if (late) fail(`A write of run ${late.run.n} with token ${late.run.token} is read, and a younger lease has asked`);
    if (put.isUnsure || run?.isUnsure) return shown;
    for (const one of shown) this.#inTime(one, all, put, start.step);
    // The others are hidden from a holder that has read before.
    const counted = first ? all.filter((one) => one.run === run) : all;
    for (const one of counted) if (isSure(one, start.step) && one.run.token > 0) this.#isThere(one, shown, put);
    if (first && this.isCurrent(run)) this.#sameAsFirst(shown, first, put, run);
    return shown;
  }

  /** To everyone: an older holder's write that was begun after a younger one had claimed the checkpoint is late. */
  #inTime(one: RecordedTask, all: RecordedTask[], put: RecordedPut, step: number): void {
    const { task, run, isSpecial, start, isUnsure } = one;
    // What takes the place of an earlier one of its holder may have been seen by the name of that.
    const isAgain = all.some(
      (other) => other !== one && other.run === run && other.task === task && other.start < start,
    );
    if (run.token === 0 || isUnsure || (isSpecial && isAgain)) return;
    const claim = all.find(
      (other) =>
        other.claims &&
        other.run.token > run.token &&
        put.run !== other.run &&
        isSure(other, step) &&
        other.end < start,
    );
    if (claim)
      fail(`A write of run ${run.n} is read, which was begun when run ${claim.run.n} with a younger lease had claimed`);
  }

  #isThere(wanted: RecordedTask, shown: RecordedTask[], put: RecordedPut): void {
    const { task, isSpecial, run } = wanted;
    const same = shown.filter((one) => one.task === task && one.isSpecial === isSpecial);
    const isOver = (one: RecordedTask): boolean =>
      one.run.token > run.token || (one.run.token === 0 && this.model.epochMax(put) >= run.token);
    // A younger one has asked: that it ran the task then may be there, although it was not told so.
    if (!isSpecial && this.model.tasks.some((one) => asksAfter(one, wanted))) return;
    // A younger one that has claimed the checkpoint may have read it before.
    if (this.model.tasks.some((one) => claimsBefore(one, wanted))) return;
    if (same.length === 0 || !same.every((one) => one === wanted || one.run === run || isOver(one)))
      fail(
        `A write of run ${run.n} with token ${run.token} to ${nameOf(put)} is hidden by ` +
          (same.map(({ run: { n } }) => `run ${n}'s`).join() || "nothing"),
      );
  }

  #sameAsFirst(shown: RecordedTask[], first: Set<RecordedTask>, put: RecordedPut, run: RecordedRun): void {
    const own = (one: RecordedTask): boolean => one.run === run;
    for (const one of shown) {
      const goesOn = one.run.token === 0 && this.model.epochMax(put) >= run.token;
      if (!own(one) && !first.has(one) && !goesOn && !one.isUnsure)
        fail(`Holder ${run.n} of ${run.token} reads a write of run ${one.run.n}, which came after its first read`);
    }
    const mine = this.model.tasks.filter((one) => one.put === put && own(one));
    for (const one of first) {
      const isOver = mine.some(({ task, isSpecial }) => task === one.task && isSpecial === one.isSpecial);
      if (!shown.includes(one) && !isOver && !one.isUnsure && one.run.token > 0)
        fail(`Holder ${run.n} of ${run.token} does not read a write of run ${one.run.n} any more`);
    }
  }

  /**
   * A list that a holder reads has nothing that was begun by older ones after its first read, and would be above that.
   * What a machine whose clock is behind puts below it, is a branch like any other.
   */
  list(tuples: CheckpointTuple[], ns: string, run: RecordedRun, start: Span["start"]): void {
    const first = run.bases.get(ns);
    if (!run.listed.has(ns)) run.listed.set(ns, start);
    for (const tuple of tuples) {
      const put = this.known(tuple, run.thread, ns);
      if (!first || !this.isCurrent(run) || put.isUnsure || put === first.base) continue;
      const { base } = first;
      // Without a lease, its token is that of its parent, as far as its run has seen.
      const isAbove =
        !base || (put.id > base.id && (put.run.token || (put.parent?.run.token ?? 0)) >= this.model.epochMax(base));
      if (isAbove && put.start > first.end && this.model.tokenMax(put) < run.token)
        fail(`Holder ${run.n} of ${run.token} lists ${nameOf(put)}, which came after its first read`);
    }
  }
}

/** Whether a younger holder has run the task, and that had no writes then. */
const asksAfter = (ask: RecordedTask, { put, task, run }: RecordedTask): boolean =>
  ask.isSpecial && ask.claims && ask.put === put && ask.task === task && ask.run.token > run.token;

/** Whether a younger holder has claimed the checkpoint, and perhaps read it before a write was there. */
const claimsBefore = (claim: RecordedTask, { put, run, end }: RecordedTask): boolean =>
  claim.claims &&
  claim.put === put &&
  claim.run.token > run.token &&
  end > (claim.run.bases.get(put.ns)?.start ?? -Infinity);

const byId = (a: RecordedPut, b: RecordedPut): number => (a.id < b.id ? -1 : 1);
