/** The one style that React Aria adds to a page by itself: `touch-action` of what can be pressed. */
const REACT_ARIA_STYLE = "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='";

/** For every answer, whatever is in it. */
export const ANSWER_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/**
 * For the page: it may load nothing but its own files, and send nothing but to its own server.
 *
 * @param server another one that it talks to
 */
export const pageHeaders = (server = ""): Record<string, string> => ({
  ...ANSWER_HEADERS,
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' ${REACT_ARIA_STYLE}`,
    "font-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${server}`.trim(),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
});

/** For data: should it ever be shown as a page, that page can do nothing. */
export const DATA_HEADERS: Record<string, string> = {
  ...ANSWER_HEADERS,
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "cache-control": "no-store",
};
