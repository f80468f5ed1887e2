const NAME = "token";
const LINK = /^#token=([\w.-]+)$/;

/**
 * What says to the Worker who uses this page: from the link that opened it, else from before a reload. It is kept for
 * this tab alone, and not in a cookie: that would go to every server on this machine, whatever its port.
 */
export function readToken(): string | undefined {
  const [, token] = LINK.exec(location.hash) ?? [];
  if (token !== undefined) {
    keepToken(token);
    // Neither on the screen nor in a bookmark.
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(NAME) ?? undefined;
}

export const keepToken = (token: string): void => sessionStorage.setItem(NAME, token);

export const forgetToken = (): void => sessionStorage.removeItem(NAME);

/** A link that is opened in a tab which has the page already changes only what is behind `#`. */
export function reloadForTokens(): void {
  addEventListener("hashchange", () => LINK.test(location.hash) && location.reload());
}
