interface BrowserGlobals {
  window?: { document?: unknown };
  WorkerGlobalScope?: unknown;
  navigator?: { userAgent?: unknown };
}

/**
 * Whether this runs in a browser, where a visitor can read every key.
 *
 * A page has a `window` with a `document`; so has jsdom, which means to be one. A browser's workers have neither, but a
 * `WorkerGlobalScope` and a user agent that begins with "Mozilla/", as every browser's does since 1994. Deno and
 * workerd have that class as well, and call themselves "Deno/…" and "Cloudflare-Workers"; Node and Bun have neither
 * class nor window.
 */
export function inBrowser(): boolean {
  const { window, WorkerGlobalScope, navigator } = globalThis as BrowserGlobals;
  if (window?.document !== undefined) return true;
  return WorkerGlobalScope !== undefined && String(navigator?.userAgent).startsWith("Mozilla/");
}
