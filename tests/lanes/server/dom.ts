import { Window } from "happy-dom";

/*
 * A document for React, and nothing else of a browser: requests go through Node's own `fetch`, over a real connection.
 * Is imported before React, which looks for a document when it is loaded.
 */

const window = new Window({ url: "https://page.example/" });
const { document, navigator } = window;
for (const [name, value] of Object.entries({ window, document, navigator }))
  Object.defineProperty(globalThis, name, { value, configurable: true });
