const CLOCK_CODES = new Set([
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
  "RequestTimeTooSkewed",
  "RequestExpired",
  "AuthFailure",
]);
/** AWS refuses a signature whose time is more than 5 minutes off. */
const TOLERANCE_MS = 4 * 60_000;

/** How far this machine's clock is from AWS's, as far as answers have shown. */
export class Clock {
  /** Add it to the local time to sign. */
  offsetMs = 0;

  /**
   * After an answer that refuses a request: true when the server's clock differs so much from the one that was signed
   * with that signing with its time can help.
   */
  correct(serviceCode: string | undefined, headers: Headers, signedWithMs: number): boolean {
    if (!CLOCK_CODES.has(serviceCode ?? "")) return false;
    const offset = Date.parse(headers.get("date") ?? "") - Date.now();
    if (!(Math.abs(offset - signedWithMs) > TOLERANCE_MS)) return false;
    this.offsetMs = offset;
    return true;
  }
}
