import { canonical } from "./calls/contents.js";
import type { Call, Plan } from "./calls/plan.js";
import type { LeasePlan } from "./leases/plan.js";
import { runLeaseHistory } from "./leases/run-leases.js";
import { runHistory } from "./run-history.js";
import { brief } from "./store/model/model.js";
import type { StorePlan } from "./store/plan.js";
import { runStoreHistory } from "./store/run-store.js";

type Print = (line: string) => void;

/** A history as people read it: who, what they do, and every request on its way. */
export function printHistory(plan: Plan, print: Print): Promise<void> {
  printSetting(plan, print);
  for (const call of plan.calls) print(`  ${call.n}. ${sentence(plan, call)}`);
  return printRequests((trace) => runHistory(plan, trace), print);
}

/** The same of a history of stores and caches. */
export function printStoreHistory(plan: StorePlan, print: Print): Promise<void> {
  printSetting(plan, print);
  plan.namespaces.forEach((labels, i) => print(`  ns ${i}: [${labels.map(brief).join(", ")}]`));
  plan.keys.forEach((key, i) => print(`  key ${i}: ${brief(key)}`));
  if (plan.reuses) print("  callers change their arguments when they have made a call");
  for (const { n, by, overlap, fresh, kind, ...how } of plan.calls) {
    const when = overlap > 0 ? ` beside the ${overlap} before` : "";
    print(`  ${n}. ${plan.instances[by]!.name}${fresh ? " (new)" : ""} ${kind} ${canonical(how)}${when}`);
  }
  return printRequests((trace) => runStoreHistory(plan, trace), print);
}

/** The same of a history of leases. */
export function printLeaseHistory(plan: LeasePlan, print: Print): Promise<void> {
  printSetting({ ...plan, ending: "an audit" }, print);
  for (const { n, by, overlap, fresh, kind, ...how } of plan.calls) {
    const when = overlap > 0 ? ` beside the ${overlap} before` : "";
    print(`  ${n}. ${plan.instances[by]!.name}${fresh ? " (new)" : ""} ${kind} ${canonical(how)}${when}`);
  }
  return printRequests((trace) => runLeaseHistory(plan, trace), print);
}

function printSetting(
  plan: Pick<Plan | StorePlan | LeasePlan, "shares" | "pageBytes"> & {
    calls: { by: number }[];
    instances: { name: string }[];
    ending: string;
  },
  print: Print,
): void {
  const used = new Set(plan.calls.map(({ by }) => by));
  plan.instances.forEach(({ name, ...options }, i) => {
    if (used.has(i)) print(`  ${name}: ${canonical(options)}`);
  });
  const faults = Object.entries(plan.shares).filter(([, share]) => share > 0);
  if (faults.length > 0)
    print(`  faults: ${faults.map(([name, share]) => `${name} ${(100 * share).toFixed(1)} %`).join(", ")}`);
  print(`  pages of ${plan.pageBytes} bytes; ends with ${plan.ending}`);
}

async function printRequests(run: (trace: Print) => Promise<unknown>, print: Print): Promise<void> {
  print("  Its requests:");
  const lines: string[] = [];
  await run((line) => {
    lines.push(`    ${line.slice(0, 330)}`);
  });
  // Of the audit only the end, where it found something.
  const begin = lines.findIndex((line) => line.includes(" the audit begins"));
  const shown =
    begin < 0 || lines.length - begin < 12 ? lines : [...lines.slice(0, begin + 1), "    …", ...lines.slice(-8)];
  for (const line of shown) print(line);
}

function sentence({ instances, threads, namespaces }: Plan, { n: _, by, overlap, fresh, kind, ...how }: Call): string {
  const named = Object.entries(how).map(([name, value]) => {
    if (name === "thread" || name === "from" || (name === "to" && kind !== "import"))
      return `${name} ${typeof value === "number" ? threads[value] : String(value)}`;
    if (name === "ns")
      return typeof value === "number" ? (namespaces[value] === "" ? "" : `ns ${namespaces[value]}`) : "ns all";
    return value === false || value === 0
      ? ""
      : `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`;
  });
  const when = overlap > 0 ? `beside the ${overlap} before` : "";
  return [`${instances[by]!.name}${fresh ? " (new)" : ""}`, kind, ...named, when].filter(Boolean).join(" ");
}
