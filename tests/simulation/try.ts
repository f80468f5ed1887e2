import { generate } from "./generate.js";
import { runHistory } from "./run-history.js";
const [from, count, verbose] = process.argv.slice(2);
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
  if (out.problem) { const k = out.problem.split("\n")[0]!.replace(/\b1f0\d+\b/g, "ID").replace(/\d+/g, "N").slice(0, 90); kinds.set(k, [...(kinds.get(k) ?? []), seed]); }
}
const s = (performance.now() - t0) / 1000;
const cpu = process.cpuUsage(cpu0); console.log(`cpu ${((cpu.user + cpu.system) / 1000 / Number(count)).toFixed(1)} ms each`); console.log(`${count} histories in ${s.toFixed(1)} s, ${(s / Number(count) * 1000).toFixed(1)} ms each, ${(steps / Number(count)).toFixed(0)} steps, ${(requests / Number(count)).toFixed(0)} requests`);
for (const [k, seeds] of [...kinds].sort((a, b) => b[1].length - a[1].length)) console.log(String(seeds.length).padStart(5), k, "|", seeds.slice(0, 6).join(" "));
