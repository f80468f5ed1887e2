import { docOf, tagged, typeText } from "./tsdoc.js";

/** @import { InterfaceDeclaration } from "ts-morph" */
/** @import { openSources } from "./tsdoc.js" */

const units = [
  { ending: /Seconds$/, unit: "seconds" },
  { ending: /Ms$/, unit: "milliseconds" },
  { ending: /Bytes$/, unit: "bytes" },
];

/** The groups of options, by the option that holds them. */
const groups = [
  { interface: "DynamoDBSaverOptions", prefix: "" },
  { interface: "S3Options", prefix: "s3." },
  { interface: "EncryptionOptions", prefix: "encryption." },
];

/** @type {Record<string, string>} */
const firstOption = { S3Options: "s3.bucket", EncryptionOptions: "encryption.key" };

/**
 * docs/configuration.md: every option of the constructor, from the types and their comments.
 * @param {ReturnType<typeof openSources>} sources
 * @returns {{ text: string, undocumented: string[] }}
 */
export function configurationPage(sources) {
  const file = sources.file("options.ts");
  const options = groups.flatMap(({ interface: name, prefix }) => optionsOf(file.getInterfaceOrThrow(name), prefix));
  const variables = file
    .getInterfaceOrThrow("DynamoDBSaverEnv")
    .getProperties()
    .map((property) => ({ name: property.getName(), ...docOf(property) }));
  const lines = [
    "# Configuration",
    "",
    "<!-- Written by `npm run docs` from src/options.ts. Change the comments there, not this page. -->",
    "",
    "The options of `new DynamoDBSaver(options)`, and what `DynamoDBSaver.fromEnv(env, overrides)` reads. The " +
      "constructor checks all of them and",
    "sends nothing. For a wrong or unknown option it throws a " +
      "[`DynamoDBSaverError`](api.md#dynamodbsavererror) with the code",
    "`INVALID_CONFIG`. The message says what to write instead.",
    "",
    "| option | type | default |",
    "|---|---|---|",
    ...options.map(
      ({ name, type, standard, required }) =>
        `| [\`${name}\`](#${anchor(name)}) | ${cell(code(type))} | ` +
        `${required ? "required" : cell(standard ?? "none")} |`,
    ),
    "",
    ...options.flatMap(section),
    "## Environment variables",
    "",
    "`new DynamoDBSaver(options)` takes options that are not passed from the environment, where the runtime has one " +
      "(`process.env`).",
    "`DynamoDBSaver.fromEnv(env, overrides)` reads only the object that it is given. Empty variables count as missing.",
    "",
    "| variable | meaning |",
    "|---|---|",
    ...variables.map(({ name, text }) => `| \`${name}\` | ${cell(text)} |`),
    "",
    "## Options of one call",
    "",
    "| in `configurable` | meaning |",
    "|---|---|",
    "| `thread_id`, `checkpoint_ns`, `checkpoint_id` | LangGraph's own: strings. |",
    "| `ttl_seconds` | [`ttlSeconds`](#ttlseconds) for this call. `INVALID_INPUT` unless it is a positive " +
      "number, 100 years at most. |",
  ];
  const undocumented = [...options, ...variables].filter(({ text }) => text === "").map(({ name }) => name);
  return { text: lines.join("\n") + "\n", undocumented };
}

/**
 * @param {InterfaceDeclaration} declaration
 * @param {string} prefix
 */
const optionsOf = (declaration, prefix) =>
  declaration.getProperties().map((property) => {
    const doc = docOf(property);
    return {
      ...doc,
      name: prefix + property.getName(),
      type: typeText(property.getTypeNode()),
      required: !property.hasQuestionToken(),
      errors: tagged(doc, "throws"),
    };
  });

/** @param {ReturnType<typeof optionsOf>[number]} option */
function section({ name, type, required, standard, text, errors }) {
  const unit = units.find(({ ending }) => ending.test(name))?.unit;
  return [
    `## \`${name}\``,
    "",
    [`Type: ${linked(type)}`, unit && `Unit: ${unit}`, required ? "Required" : `Default: ${standard ?? "none"}`]
      .filter(Boolean)
      .join(" · "),
    "",
    text,
    "",
    ...errors.flatMap((error) => [`Error: ${error}`, ""]),
  ];
}

/** @param {string} type */
const code = (type) => `\`${type}\``;
/** Where a type is explained. @param {string} name */
const explained = (name) =>
  groups.some((g) => g.interface === name) ? `#${anchor(firstOption[name] ?? "")}` : `api.md#${name.toLowerCase()}`;
/**
 * The names in a type, where one of them is explained: an option's group on this page, the rest in api.md.
 * @param {string} type
 */
const linked = (type) =>
  /^[A-Z]\w+( \| [A-Z]\w+)*$/.test(type) && !/^(Serializer|Abort)/.test(type)
    ? type
        .split(" | ")
        .map((name) => `[\`${name}\`](${explained(name)})`)
        .join(" or ")
    : code(type);
/** @param {string} text */
const cell = (text) => text.replaceAll("|", "\\|").replace(/\s*\n\s*/g, " ");
/** @param {string} name */
const anchor = (name) => name.toLowerCase().replace(/[^\w-]/g, "");
