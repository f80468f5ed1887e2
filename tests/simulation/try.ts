import { generate } from "./generate.js";
import { shrink, kindOf } from "./shrink.js"; import { printHistory } from "./print.js";
import { runHistory } from "./run-history.js";
const [from, count, verbose] = process.argv.slice(2);
if (verbose === "shrink") {
  const plan = generate(from!);
  const out = await runHistory(plan);
  console.log(out.problem);
  if (out.problem) { const small = await shrink(plan, out.problem); console.log(small.tried, "tried:", small.problem); await printHistory(small.plan, (l) => console.log(l)); }
  process.exit(0);
}
const kinds = new Map<string, string[]>();
const t0 = performance.now(); const cpu0 = process.cpuUsage();
let steps = 0, requests = 0;
for (let i = 0; i < Number(count); i++) {
  const seed = String(Number(from) + i);
  const plan = generate(seed);
  const lines: string[] = [];
  const out = await runHistory(plan, verbose ? (l) => lines.push(l) : undefined);
  steps += out.steps; requests += out.requests;
  if (verbose) { console.log(JSON.stringify(plan.instances), JSON.stringify(plan.shares), plan.ending); console.log(lines.join("\n")); console.log(out); }
  if (out.problem && verbose === undefined && process.env.KINDS && !kinds.has(kindOf(out.problem))) { kinds.set(kindOf(out.problem), []); console.log(`=== seed ${seed}: ${out.problem.slice(0, 400)}`); const small = await shrink(plan, out.problem); console.log(small.tried, "tried:", small.problem.slice(0, 500)); await printHistory(small.plan, (l) => console.log(l)); }
  if (out.problem) { const k = kindOf(out.problem); kinds.set(k, [...(kinds.get(k) ?? []), seed]); }
}
const s = (performance.now() - t0) / 1000;
const cpu = process.cpuUsage(cpu0); console.log(`cpu ${((cpu.user + cpu.system) / 1000 / Number(count)).toFixed(1)} ms each`); console.log(`${count} histories in ${s.toFixed(1)} s, ${(s / Number(count) * 1000).toFixed(1)} ms each, ${(steps / Number(count)).toFixed(0)} steps, ${(requests / Number(count)).toFixed(0)} requests`);
for (const [k, seeds] of [...kinds].sort((a, b) => b[1].length - a[1].length)) console.log(String(seeds.length).padStart(5), k, "|", seeds.slice(0, 6).join(" "));
