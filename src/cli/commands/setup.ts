import { Option, type Command } from "commander";
import type { SetupResult } from "../../table/setup.js";
import { duration } from "../arguments.js";
import type { Context, Open } from "../context.js";
import { UsageError } from "../errors.js";
import { withExample } from "../help.js";
import { adviseOnInterrupt } from "../interrupt.js";
import type { GlobalOptions } from "../options.js";
import { outputOf } from "../output.js";
import type { Plan } from "../setup/plan.js";
import type { Format } from "../setup/printed.js";
import type { Wanted } from "../setup/wanted.js";
import { dim, green, yellow, type Text } from "../text.js";

interface Options {
  ttl?: number;
  dryRun?: boolean;
  print?: Format;
  policy?: "application" | "setup" | "tenant";
  origin?: string;
}

/** What `setup --json` gives. With `dryRun`, a status is `"missing"` where something would be made. */
type SetupReport = { dryRun: false } & SetupResult | { dryRun: true } & Plan; // prettier-ignore

export function addSetup(program: Command, open: Open): void {
  const setup = program
    .command("setup")
    .description("create what is missing: the table, with --ttl its expiry, with a bucket too its lifecycle rule")
    .option("--ttl <duration>", 'the saver\'s ttlSeconds, as "7d"', duration)
    .option("--dry-run", "only say what would be created")
    .addOption(
      new Option("--print <format>", "print infrastructure to deploy instead; needs no credentials")
        .choices(["cloudformation", "terraform", "cdk", "iam"])
        .conflicts("dryRun"),
    )
    .addOption(
      new Option("--policy <role>", "with --print iam: whose policy")
        .choices(["application", "setup", "tenant"])
        .default("application"),
    )
    .option("--origin <url>", "with --print: a page of this origin may use the bucket (CORS)")
    .action(async (options: Options, command: Command) => {
      if (options.print) return print(options.print, options, command);
      if (options.origin !== undefined)
        throw new UsageError("--origin goes with --print: setup itself does not change a bucket's CORS rules.");
      const context = await open(command);
      await show(await report(context, options), context);
    });
  withExample(
    setup,
    "setup --ttl 7d --dry-run\nsetup --s3-bucket my-bucket --ttl 7d --print terraform > checkpoints.tf",
  );
}

async function print(format: Format, { ttl, policy, origin }: Options, command: Command): Promise<void> {
  const {
    table,
    region = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION,
    keyPrefix,
    s3Bucket,
    s3Prefix = "",
  } = command.optsWithGlobals<GlobalOptions>();
  if (!table) throw new UsageError("Which table? Pass --table, or set DYNAMODB_TABLE_NAME.");
  if (!region && format === "iam") throw new UsageError("Which region? Pass --region, or set AWS_REGION.");
  const wanted: Wanted = {
    table,
    region: region ?? "",
    keyPrefix,
    s3: s3Bucket ? { bucket: s3Bucket, prefix: s3Prefix } : undefined,
    ttlSeconds: ttl,
    origin,
  };
  const { printed } = await import("../setup/printed.js");
  await outputOf(command).raw(printed(format, wanted, policy ?? "application"));
}

async function report({ options, storage }: Context, { ttl: ttlSeconds, dryRun }: Options): Promise<SetupReport> {
  if (dryRun) {
    const [{ planSetup }, { expandConfig }, { ambientEnv }] = await Promise.all([
      import("../setup/plan.js"),
      import("../../config/config.js"),
      import("../../config/environment.js"),
    ]);
    const config = expandConfig({ ...options, ttlSeconds }, ambientEnv());
    return { dryRun: true, ...(await planSetup(storage.db, storage.offload?.s3, config, ttlSeconds)) };
  }
  adviseOnInterrupt("What was created stays. Run it again, and it creates the rest.");
  const { DynamoDBSaver } = await import("../../threads/saver.js");
  return { dryRun: false, ...(await new DynamoDBSaver({ ...options, ttlSeconds }).setup()) };
}

async function show(report: SetupReport, { output }: Context): Promise<void> {
  if (output.isJson) return output.json(report);
  const { table, timeToLive, lifecycleRule } = report;
  const rows: Text[][] = [[SHOWN[table.status], `table ${table.name}`]];
  if (timeToLive) rows.push([SHOWN[timeToLive], "expiry of its items"]);
  if (lifecycleRule)
    rows.push([
      SHOWN[lifecycleRule.status],
      `lifecycle rule of the bucket${lifecycleRule.id ? `: ${lifecycleRule.id}` : ""}`,
    ]);
  await output.table([{ title: "" }, { title: "what" }], rows);
}

const SHOWN = {
  created: green("created"),
  enabled: green("enabled"),
  installed: green("installed"),
  existed: dim("was there"),
  missing: yellow("would be created"),
  unsupported: dim("this server has none"),
};
