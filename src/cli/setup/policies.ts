import { readStack, templateText, type Properties, type Stack } from "./template.js";
import { awsPartition, parametersOf, type Wanted } from "./wanted.js";

/** Who needs which policies of the template. */
const ROLES = {
  application: ["BasePolicy", "ObjectsPolicy"],
  setup: ["SetupPolicy"],
  tenant: ["TenantPolicy"],
} as const;

export interface PolicyDocument {
  Version: string;
  Statement: Properties[];
}

export type Role = keyof typeof ROLES;

/** One policy document that allows what this role does, and nothing else. */
export function policyDocument(wanted: Wanted, role: Role): PolicyDocument {
  const { resources } = stackOf(wanted);
  const documents = ROLES[role].flatMap((name) =>
    resources[name] ? [resources[name].Properties.PolicyDocument as PolicyDocument] : [],
  );
  return { Version: documents[0]!.Version, Statement: documents.flatMap(({ Statement }) => Statement) };
}

/** References are ARNs, of any account: these policies are for identities of the account that has the table. */
function stackOf(wanted: Wanted): Stack {
  const { table, region, s3 } = wanted;
  const partition = awsPartition(region);
  const arns: Record<string, string> = {
    Table: table.startsWith("arn:") ? table : `arn:${partition}:dynamodb:${region}:*:table/${table}`,
    Bucket: `arn:${partition}:s3:::${s3?.bucket}`,
  };
  return readStack(
    templateText(),
    parametersOf(wanted),
    { "AWS::Region": region },
    (resource) => arns[resource] ?? resource,
  );
}
