import { DynamoDBSaverError } from "../../errors.js";

/** How much of a path is shown: names in it are as long as their owner likes. */
const MAX_PATH_LENGTH = 200;

/** Something in a value would be lost or replaced in the store. */
export class Unstorable extends DynamoDBSaverError {
  constructor(
    private readonly problem: string,
    private readonly path: readonly (string | number)[],
    private readonly advice: string,
    place = "",
  ) {
    const at = shownPath(path);
    const where = [place, at && `at ${at}`].filter((part) => part !== "").join(", ");
    super("INVALID_INPUT", `${problem}${where && ` (${where})`}. ${advice}`);
  }

  /** The same, and which of all values it is about. */
  in(place: string): Unstorable {
    return new Unstorable(this.problem, this.path, this.advice, place);
  }
}

function shownPath(path: readonly (string | number)[]): string {
  const isName = (part: string | number): boolean => /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(String(part));
  const text = path.map((part) => (isName(part) ? `.${part}` : `[${JSON.stringify(part)}]`)).join("");
  const shown = text.startsWith(".") ? text.slice(1) : text;
  return shown.length > MAX_PATH_LENGTH ? `${shown.slice(0, MAX_PATH_LENGTH)}…` : shown;
}
