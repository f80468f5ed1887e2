import type { Cost } from "../threads/cost.js";

const count = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** What the last run came to. Nothing where the server does not tell. */
export function RunCost({ cost }: { cost: Cost | undefined }) {
  const parts = cost ? partsOf(cost) : [];
  if (parts.length === 0) return null;
  return <p className="run-cost">The last run: {parts.join(", ")}</p>;
}

function partsOf({ requests, readUnits, writeUnits, bytes, inputTokens, outputTokens }: Cost): string[] {
  return [
    requests > 0 && `${count.format(requests)} requests to storage`,
    requests > 0 && `${count.format(readUnits)} read units`,
    requests > 0 && `${count.format(writeUnits)} write units`,
    requests > 0 && `${count.format(bytes / 1_000)} kB`,
    inputTokens + outputTokens > 0 && `${count.format(inputTokens)} + ${count.format(outputTokens)} tokens`,
  ].filter((part) => part !== false);
}
