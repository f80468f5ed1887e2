import { exchange, NO_RESPONSE, REDIRECTED, TIMED_OUT, TOO_LARGE } from "../../aws/client/exchange.js";
import { isSafe } from "../../aws/client/endpoint.js";
import { aborted } from "../../aws/client/abort.js";
import { NETWORK_REMEDIES, reasonOf } from "../endpoints.js";
import { skipped, ok, warning, wrong, type Check, type Finding } from "./finding.js";
import type { Subject } from "./subject.js";

/** AWS refuses a signature whose time is more than 5 minutes off ("Troubleshooting Signature Version 4"). */
const REFUSED_MS = 5 * 60_000;
/** A request takes this long to another continent, and not longer. */
const SLOW_MS = 1_000;
/** The header has whole seconds, and the way there takes its time. */
const NOTICED_MS = 30_000;

/** Whether somebody answers at the endpoint, and how this machine's clock compares. One request without a signature. */
export async function* checkEndpoint({ config }: Subject): Check {
  const inTheClear = [config.endpoint, config.s3?.endpoint]
    .filter((url) => url !== undefined && !isSafe(new URL(url), false))
    .map((url) => new URL(url!).host);
  if (inTheClear.length > 0) {
    yield warning(
      "endpoint",
      `State and signatures travel in the clear to ${inTheClear.join(" and ")}.`,
      "That is for a network that you trust, as that of a compose file. Elsewhere use https.",
    );
  }
  const { endpoint, fetch, signal, requestTimeoutMs: timeoutMs } = config;
  const { origin } = new URL(endpoint);
  const sentAt = Date.now();
  let headers: Headers;
  try {
    ({ headers } = await exchange(endpoint, { method: "GET" }, { fetch, signal, timeoutMs, maxBytes: 1_000_000 }));
  } catch (error) {
    if (signal?.aborted) throw aborted(signal);
    yield unreachable(origin, error, timeoutMs);
    return false;
  }
  const receivedAt = Date.now();
  const ms = receivedAt - sentAt;
  yield ms < SLOW_MS
    ? ok("endpoint", `${origin} answers.`)
    : warning(
        "endpoint",
        `${origin} took ${ms} ms to answer.`,
        "A superstep waits for its requests. Run near the table's region, and look at the network.",
      );
  yield clock(headers.get("date"), (sentAt + receivedAt) / 2);
  return true;
}

function unreachable(origin: string, error: unknown, timeoutMs: number): Finding {
  const check = "endpoint";
  if (error === TIMED_OUT)
    return wrong(
      check,
      `${origin} gave no answer within ${timeoutMs} ms.`,
      "Check the network, its proxies and firewalls, and --endpoint.",
    );
  if (error === REDIRECTED)
    return wrong(
      check,
      `${origin} answers with a redirect, and a signed request follows none.`,
      "Check --endpoint and --region; a network that asks to sign in does this too.",
    );
  if (error === TOO_LARGE || error === NO_RESPONSE)
    return wrong(check, `What answers at ${origin} is not DynamoDB.`, "Check --endpoint.");
  const reason = reasonOf(error);
  return wrong(
    check,
    `The connection to ${origin} failed${reason === undefined ? "" : ` (${reason})`}.`,
    NETWORK_REMEDIES[reason ?? ""] ?? "Check --endpoint, --region and the network.",
  );
}

function clock(date: string | null, here: number): Finding {
  const off = here - Date.parse(date ?? "");
  if (Number.isNaN(off)) return skipped("clock", "The server does not tell its time.");
  const seconds = Math.round(Math.abs(off) / 1_000);
  const finding = `This machine's clock is ${seconds} s ${off < 0 ? "behind" : "ahead of"} the server's.`;
  const remedy = "Set it by NTP (chronyd, systemd-timesyncd).";
  if (Math.abs(off) >= REFUSED_MS)
    return wrong(
      "clock",
      `${finding} AWS refuses signatures of that time, and what expires does so at the wrong moment.`,
      remedy,
    );
  if (Math.abs(off) >= NOTICED_MS) return warning("clock", `${finding} Over 5 minutes AWS refuses signatures.`, remedy);
  return ok("clock", `This machine's clock agrees with the server's to ${Math.max(1, seconds)} s.`);
}
