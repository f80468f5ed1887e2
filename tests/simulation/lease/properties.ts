import type { Rules } from "./rules.js";
import { claimsOn, latestFor, pendingFor, pendingOf, ranked, readsOf, topOf, type Run, type State } from "./state.js";
import { youngestStored } from "./steps.js";

/** What must hold in every state; what does not, as a text. */
export function problemOf(state: State, rules: Rules): string | undefined {
  for (const [i, run] of state.runs.entries()) {
    const problem =
      run.token === 0 || run.base === null || run.state !== "runs" ? undefined : ofHolder(state, rules, run, i);
    if (problem) return problem;
  }
  return ofReader(state, rules) ?? ofDeltaChannels(state, rules);
}

const nameOf = (one: { id: string; token: number } | undefined): string =>
  one ? `${one.id.slice(9, 18)} of ${one.token}` : "none";

/** What a holder reads after its first read. */
function ofHolder(state: State, rules: Rules, run: Run, i: number): string | undefined {
  // A younger one has stored something: then this one is about to be told.
  if (youngestStored(state) > run.token) return undefined;
  const latest = latestFor(state, rules, run);
  const own = run.puts.at(-1) ?? run.base?.id;
  const isOwnUnanswered = latest?.token === run.token && !run.puts.includes(latest.id);
  if (latest?.id !== own && !isOwnUnanswered)
    return `${i} reads ${nameOf(latest)} as the latest, and has put or read ${own ?? "none"}`;
  if (!run.base) return undefined;
  const reads = readsOf(run);
  const { parentId } = run.base;
  if (ranked(state, rules, reads).some((one) => one.id === parentId && rules.isLate(reads, one)))
    return `The parent of what ${i} has read is absent to it`;
  const pending = pendingFor(state, rules, run.base.id, run);
  const mine = `a@${run.token}`;
  for (const one of pending)
    if (!one.endsWith(`@${run.token}`) && !run.seen.includes(one))
      return `${i} reads the pending write ${one}, which came later`;
  if (run.writes.includes(`${run.base.id} a`) && !pending.includes(mine)) return `A write of ${i} is hidden from it`;
  return undefined;
}

/** What everyone else reads: what the youngest holder has stored, and was told so. */
function ofReader(state: State, rules: Rules): string | undefined {
  const top = topOf(state, rules);
  const found = latestFor(state, rules);
  if (found?.id !== top?.id) return `A reader finds ${nameOf(found)}, and not ${nameOf(top)}`;
  const stored = state.runs.filter(({ token, puts, writes }) => token > 0 && puts.length + writes.length > 0);
  const youngest = stored.reduce<Run | undefined>(
    (most, one) => (most && most.token > one.token ? most : one),
    undefined,
  );
  if (!youngest || youngestStored(state) > youngest.token) return undefined;
  const latest = found;
  const own = youngest.puts.at(-1) ?? youngest.base?.id;
  const isUnanswered = latest?.token === youngest.token && !youngest.puts.includes(latest.id);
  if (latest?.id !== own && !isUnanswered)
    return `A reader gets ${nameOf(latest)} as the latest, and not ${own} of the youngest holder ${youngest.token}`;
  const written = latest ? ["a", "b"].filter((task) => youngest.writes.includes(`${latest.id} ${task}`)) : [];
  if (latest && written.length > 0) {
    const pending = pendingFor(state, rules, latest.id);
    const own = written.map((task) => `${task}@${youngest.token}`);
    if (own.some((one) => !pending.includes(one))) return `A write of ${youngest.token} is hidden from readers`;
    // What was there when it has read first stays, and nothing has come since.
    const there = latest.id === youngest.base?.id ? youngest.seen : [];
    const wrong = pending.find((one) => !one.endsWith(`@${youngest.token}`) && !there.includes(one));
    if (wrong) return `A reader gets the pending write ${wrong}, which came after the first read of ${youngest.token}`;
    const gone = there.find((one) => !pending.includes(one) && !written.includes(one.split("@")[0]!));
    if (gone) return `A reader does not get the pending write ${gone}, which ${youngest.token} had read`;
  }
  return undefined;
}

/** Each checkpoint is rebuilt from the writes that its run had seen. */
function ofDeltaChannels(state: State, rules: Rules): string | undefined {
  for (const one of state.checkpoints) {
    if (one.parentId === undefined || one.token === 0) continue;
    const over = one.over && new Set(one.over);
    const claims = claimsOn(state, one.parentId);
    const counted = pendingOf(state, one.parentId, (writes) =>
      rules.countsFor({ token: one.token, over }, { ...writes, name: "w0" }, claims),
    );
    if (counted.join() !== one.basis.join())
      return `${nameOf(one)} is rebuilt from [${counted.join()}], and was made from [${one.basis.join()}]`;
  }
  return undefined;
}
