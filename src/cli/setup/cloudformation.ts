import { isScalar, parseDocument } from "yaml";
import { templateText } from "./template.js";
import { parametersOf, type Wanted } from "./wanted.js";

/**
 * The template, with what is wanted as the defaults of its parameters. Everything else stays as it is, comments
 * included.
 */
export function cloudFormation(wanted: Wanted): string {
  const text = templateText();
  const template = parseDocument(text, { logLevel: "silent" });
  const defaults = Object.entries(parametersOf(wanted)).map(([name, value]) => {
    const node = template.getIn(["Parameters", name, "Default"], true);
    if (!isScalar(node) || !node.range) throw new TypeError(`The template has no parameter ${name}.`);
    return { start: node.range[0], end: node.range[1], value: JSON.stringify(value) };
  });
  // From behind, so that the places of the others stay.
  return defaults
    .sort((a, b) => b.start - a.start)
    .reduce((printed, { start, end, value }) => printed.slice(0, start) + value + printed.slice(end), text);
}
