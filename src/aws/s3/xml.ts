/*
 * As much of XML as the answers of S3 and STS need: elements without nesting of their own kind, no attributes of
 * interest, the five named entities. Nothing is resolved or fetched, and the patterns take time linear in the text.
 */

const decoder = new TextDecoder();

/**
 * An answer's text, which must be this document from its beginning to its end: one cut short must not pass for
 * "nothing".
 * @throws SyntaxError if it is not
 */
export function documentOf(body: Uint8Array, root: string): string {
  const xml = decoder.decode(body).trim();
  if (xml.includes(`<${root}`) && (xml.endsWith(`</${root}>`) || /\/>$/.test(xml))) return xml;
  throw new SyntaxError(`The answer is not a whole ${root}.`);
}

/** Every `<name>…</name>` as it stands in the text. */
export function elements(xml: string, name: string): string[] {
  const found: string[] = [];
  const open = new RegExp(`<${name}(?:\\s[^<>]*)?>`, "g");
  const close = `</${name}>`;
  for (let match = open.exec(xml); match; match = open.exec(xml)) {
    const end = xml.indexOf(close, open.lastIndex);
    if (end < 0) break;
    found.push(xml.slice(match.index, end + close.length));
    open.lastIndex = end + close.length;
  }
  return found;
}

/** The text of the first `<name>`, or `undefined` when there is none. */
export function elementText(xml: string, name: string): string | undefined {
  const element = elements(xml, name)[0];
  if (element === undefined) return undefined;
  const text = element.slice(element.indexOf(">") + 1, element.lastIndexOf("</"));
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (_, entity: keyof typeof ENTITIES) => ENTITIES[entity]);
}

export const escapeXml = (text: string): string =>
  text.replace(/[<>&"']/g, (sign) => `&${Object.entries(ENTITIES).find(([, s]) => s === sign)![0]};`);

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
