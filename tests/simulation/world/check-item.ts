import { keyOf } from "./keys.js";
import type { Item, Value } from "./item.js";
import { refuse } from "./service-error.js";
import { bytesOf, equal, typeOf } from "./values.js";

/** Refuses an item that DynamoDB does not store. */
export function checkItem(item: Item): void {
  const { PK, SK } = keyOf(item);
  if (typeof PK?.S !== "string" || typeof SK?.S !== "string" || PK.S === "" || SK.S === "")
    refuse("One or more parameter values were invalid: a key is missing or empty");
  if (Buffer.byteLength(PK.S) > 2_048) refuse("Size of hashkey has exceeded the maximum size limit of 2048 bytes");
  if (Buffer.byteLength(SK.S) > 1_024)
    refuse("Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
  for (const name in item) checkValue(item[name]!);
  if (bytesOf(item) > 409_600) refuse("Item size has exceeded the maximum allowed size");
}

function checkValue(value: Value): void {
  const type = typeOf(value);
  const of = value[type];
  if (type === "L") for (const one of of as Value[]) checkValue(one);
  if (type === "M") for (const one of Object.values(of as Item)) checkValue(one);
  if (type === "N" && !/^-?\d*\.?\d+([eE][+-]?\d+)?$/.test(of as string))
    refuse(`The parameter cannot be converted to a numeric value: ${String(of)}`);
  if (!/^[SNB]S$/.test(type)) return;
  const all = of as unknown[];
  if (all.length === 0) refuse("One or more parameter values were invalid: A set may not be empty");
  const isTwice = all.some((one, i) =>
    all.slice(0, i).some((other) => equal({ [type[0]!]: one }, { [type[0]!]: other })),
  );
  if (isTwice) refuse("One or more parameter values were invalid: Input collection contains duplicates");
}
