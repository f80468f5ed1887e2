/*
 * As much of HashiCorp's configuration language as is printed, laid out as `terraform fmt` does it.
 */

/** Stands around an expression inside a text. */
export const MARK = "\0";

/** An expression of the language as a value. */
export const expression = (hcl: string): string => MARK + hcl + MARK;

/** A policy, written as the object that it is. */
export class JsonEncoded {
  constructor(readonly value: unknown) {}
}

/** A block inside a block, such as `ttl { … }`. */
export class Block {
  constructor(
    readonly header: string,
    readonly body: Body,
  ) {}
}

export type Body = readonly (readonly [name: string, value: unknown] | Block)[];

/** A whole block, without a line break at its end. */
export function blockText({ header, body }: Block): string {
  return body.length === 0 ? `${header} {}` : `${header} {\n${indented(bodyText(body))}\n}`;
}

function bodyText(body: Body): string {
  const lines: string[] = [];
  for (let i = 0; i < body.length;) {
    const entry = body[i]!;
    if (entry instanceof Block) {
      if (i > 0) lines.push("");
      lines.push(blockText(entry));
      i++;
      continue;
    }
    const group: (readonly [string, unknown])[] = [];
    for (let next = body[i]; next && !(next instanceof Block); next = body[++i]) group.push(next);
    if (lines.length > 0) lines.push("");
    lines.push(attributesText(group));
  }
  return lines.join("\n");
}

/** Signs of equality stand below each other, but not across a value of several lines. */
function attributesText(attributes: readonly (readonly [string, unknown])[]): string {
  const written = attributes.map(([name, value]) => ({ name, value: valueText(value) }));
  const isLong = ({ value }: { value: string }): boolean => value.includes("\n");
  const lines: string[] = [];
  for (let i = 0; i < written.length;) {
    const group = [written[i++]!];
    if (!isLong(group[0]!)) while (i < written.length && !isLong(written[i]!)) group.push(written[i++]!);
    const width = Math.max(...group.map(({ name }) => name.length));
    for (const { name, value } of group) lines.push(`${name.padEnd(width)} = ${value}`);
  }
  return lines.join("\n");
}

function valueText(value: unknown): string {
  if (value instanceof JsonEncoded) return `jsonencode(${valueText(value.value)})`;
  if (typeof value === "string") return stringText(value);
  if (Array.isArray(value)) return listText(value.map(valueText));
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).map(([key, entry]): [string, unknown] => [
    /^[A-Za-z_][\w-]*$/.test(key) ? key : JSON.stringify(key),
    entry,
  ]);
  return `{\n${indented(attributesText(entries))}\n}`;
}

function listText(entries: string[]): string {
  const short = `[${entries.join(", ")}]`;
  return short.length <= 80 && !short.includes("\n")
    ? short
    : `[\n${entries.map((entry) => `${indented(entry)},\n`).join("")}]`;
}

function stringText(value: string): string {
  const parts = value.split(MARK);
  if (parts.length === 3 && parts[0] === "" && parts[2] === "") return parts[1]!;
  // What begins a template stands for itself when its sign is doubled.
  const quoted = parts.map((part, i) =>
    i % 2 === 1
      ? `\${${part}}`
      : JSON.stringify(part)
          .slice(1, -1)
          .replace(/[$%](?=\{)/g, "$&$&"),
  );
  return `"${quoted.join("")}"`;
}

const indented = (lines: string): string => lines.replace(/^(?=.)/gm, "  ");
