import type { Command } from "commander";
import { duration } from "../arguments.js";
import type { Finding, Status } from "../doctor/finding.js";
import { FoundWrong } from "../errors.js";
import { withExample } from "../help.js";
import { adviseOnInterrupt, signal } from "../interrupt.js";
import { saverOptions, type GlobalOptions } from "../options.js";
import { outputOf, type Output } from "../output.js";
import type { Row } from "../table.js";
import { dim, green, red, yellow, type Text } from "../text.js";

interface Options {
  ttl?: number;
  origin?: string;
}

/** What `doctor --json` gives. */
interface Report {
  /** False when a finding is `"wrong"`. */
  ok: boolean;
  findings: Finding[];
}

export function addDoctor(program: Command): void {
  const doctor = program
    .command("doctor")
    .description(
      "look for what is wrong with credentials, clock, table, permissions and bucket, and say what to do; leaves " +
        "nothing behind",
    )
    .option(
      "--ttl <duration>",
      'the saver\'s ttlSeconds, as "7d": also looks whether the bucket keeps objects for as long',
      duration,
    )
    .option("--origin <url>", "also looks whether a page of this origin may use table and bucket (CORS)", originOf)
    .action(async (options: Options, command: Command) => {
      const output = outputOf(command);
      const report = await reportOf(command.optsWithGlobals<GlobalOptions>(), options, output);
      await show(report, output);
      if (!report.ok) throw new FoundWrong();
    });
  withExample(doctor, "doctor --s3-bucket my-bucket --ttl 7d");
}

/** As a browser writes it: without a path. */
const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url);

async function reportOf(given: GlobalOptions, { ttl: ttlSeconds, origin }: Options, output: Output): Promise<Report> {
  adviseOnInterrupt("What the doctor had stored is deleted, or expires within the hour.");
  const options = await saverOptions(given);
  const { examine } = await import("../doctor/examine.js");
  const findings: Finding[] = [];
  const progress = output.progress("looking");
  try {
    for await (const finding of examine({ ...options, signal }, { ttlSeconds, origin })) {
      findings.push(finding);
      progress.update(findings.length, finding.check);
    }
  } finally {
    progress.stop();
  }
  return { ok: !findings.some(({ status }) => status === "wrong"), findings };
}

const SHOWN: Record<Status, Text> = {
  ok: green("ok"),
  warning: yellow("warning"),
  wrong: red("wrong"),
  skipped: dim("skipped"),
};
/** A table with less than this for its findings cannot be read. */
const NARROW = 70;

async function show({ findings, ...rest }: Report, output: Output): Promise<void> {
  if (output.isJson) return output.json({ ...rest, findings });
  if (output.width < NARROW) {
    for (const { check, status, finding, remedy } of findings) {
      await output.tree({
        label: [SHOWN[status], check],
        children: [finding, remedy].flatMap((text) => (text === undefined ? [] : { label: text })),
      });
    }
  } else await output.table([{ title: "" }, { title: "check" }, { title: "finding" }], findings.flatMap(rowsOf));
  const counts = Object.keys(SHOWN).map(
    (status) => `${findings.filter((finding) => finding.status === status).length} ${status}`,
  );
  await output.line(counts.join(", "));
}

function rowsOf({ check, status, finding, remedy }: Finding): Row[] {
  const row: Row = [SHOWN[status], check, status === "skipped" ? dim(finding) : finding];
  return remedy === undefined ? [row] : [row, ["", "", dim(`-> ${remedy}`)]];
}
