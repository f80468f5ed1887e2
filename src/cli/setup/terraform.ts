import { Block, blockText, expression, JsonEncoded, type Body } from "./hcl.js";
import { readStack, templateText, type Resource } from "./template.js";
import { parametersOf, type Wanted } from "./wanted.js";

/** A Terraform configuration of the template's resources, for HashiCorp's provider `aws`. */
export function terraform(wanted: Wanted): string {
  const region = expression("data.aws_region.current.region");
  const { resources, outputs } = readStack(templateText(), parametersOf(wanted), { "AWS::Region": region }, refer);
  const blocks = [
    new Block("terraform", [
      new Block("required_providers", [["aws", { source: "hashicorp/aws", version: ">= 6.0" }]]),
    ]),
    new Block(`data "aws_region" "current"`, []),
    ...Object.entries(resources).flatMap(([name, resource]) => translated(name, resource)),
    ...Object.entries(outputs).map(([name, value]) => new Block(`output "${snake(name)}"`, [["value", value]])),
  ];
  return `${blocks.map(blockText).join("\n\n")}\n`;
}

const TYPES: Record<string, string> = {
  "AWS::DynamoDB::Table": "aws_dynamodb_table",
  "AWS::S3::Bucket": "aws_s3_bucket",
  "AWS::IAM::ManagedPolicy": "aws_iam_policy",
};

function refer(resource: string, attribute: string | undefined, type: string): string {
  const ownAttribute =
    attribute === "Arn" || type.endsWith("Policy") ? "arn" : type === "AWS::S3::Bucket" ? "bucket" : "name";
  return expression(`${TYPES[type]}.${labelOf(resource)}.${ownAttribute}`);
}

/** What CloudFormation has in one resource can be several here. */
function translated(name: string, { Type, Properties: properties }: Resource): Block[] {
  const resource = (type: string, body: Body): Block => new Block(`resource "${type}" "${labelOf(name)}"`, body);
  switch (Type) {
    case "AWS::DynamoDB::Table":
      return [resource("aws_dynamodb_table", table(properties as unknown as TableProperties))];
    case "AWS::S3::Bucket":
      return bucket(properties as unknown as BucketProperties, resource);
    case "AWS::S3::BucketPolicy":
      return [
        new Block(`resource "aws_s3_bucket_policy" "bucket"`, [
          ["bucket", properties.Bucket],
          ["policy", new JsonEncoded(properties.PolicyDocument)],
        ]),
      ];
    case "AWS::IAM::ManagedPolicy":
      return [
        resource("aws_iam_policy", [
          ["name_prefix", `langgraph-checkpoints-${labelOf(name)}-`],
          ["policy", new JsonEncoded(properties.PolicyDocument)],
        ]),
      ];
    default:
      throw new TypeError(`Nothing is known of ${Type} in Terraform.`);
  }
}

/** As `DeletionPolicy: Retain`: what holds conversations is not destroyed along with the rest. */
const STAYS = new Block("lifecycle", [["prevent_destroy", true]]);

interface TableProperties {
  TableName: string;
  BillingMode: string;
  AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
  KeySchema: { AttributeName: string; KeyType: "HASH" | "RANGE" }[];
  TimeToLiveSpecification: { AttributeName: string; Enabled: boolean };
  PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: boolean };
  SSESpecification: { SSEEnabled: boolean };
  DeletionProtectionEnabled: boolean;
}

function table(properties: TableProperties): Body {
  const {
    TableName,
    BillingMode,
    AttributeDefinitions,
    KeySchema,
    TimeToLiveSpecification,
    PointInTimeRecoverySpecification,
    SSESpecification,
    DeletionProtectionEnabled,
  } = properties;
  const keyOf = (role: string): unknown => KeySchema.find(({ KeyType }) => KeyType === role)?.AttributeName;
  return [
    ["name", TableName],
    ["billing_mode", BillingMode],
    ["hash_key", keyOf("HASH")],
    ["range_key", keyOf("RANGE")],
    ["deletion_protection_enabled", DeletionProtectionEnabled],
    ...AttributeDefinitions.map(
      ({ AttributeName, AttributeType }) =>
        new Block("attribute", [
          ["name", AttributeName],
          ["type", AttributeType],
        ]),
    ),
    new Block("ttl", [
      ["attribute_name", TimeToLiveSpecification.AttributeName],
      ["enabled", TimeToLiveSpecification.Enabled],
    ]),
    new Block("point_in_time_recovery", [["enabled", PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled]]),
    new Block("server_side_encryption", [["enabled", SSESpecification.SSEEnabled]]),
    STAYS,
  ];
}

interface BucketProperties {
  BucketName?: string;
  BucketEncryption: {
    ServerSideEncryptionConfiguration: { ServerSideEncryptionByDefault: { SSEAlgorithm: string } }[];
  };
  PublicAccessBlockConfiguration: Record<string, boolean>;
  OwnershipControls: { Rules: { ObjectOwnership: string }[] };
  LifecycleConfiguration: { Rules: LifecycleRule[] };
  CorsConfiguration?: { CorsRules: CorsRule[] };
}

interface LifecycleRule {
  Id: string;
  Status: string;
  Prefix?: string;
  TagFilters?: { Key: string; Value: string }[];
  ExpirationInDays?: number;
  AbortIncompleteMultipartUpload?: { DaysAfterInitiation: number };
}

interface CorsRule {
  AllowedOrigins: string[];
  AllowedMethods: string[];
  AllowedHeaders: string[];
  ExposedHeaders: string[];
  MaxAge: number;
}

function bucket(properties: BucketProperties, resource: (type: string, body: Body) => Block): Block[] {
  const {
    BucketName,
    BucketEncryption,
    PublicAccessBlockConfiguration: access,
    OwnershipControls,
    LifecycleConfiguration,
    CorsConfiguration,
  } = properties;
  const itself = ["bucket", expression("aws_s3_bucket.bucket.bucket")] as const;
  const encryption = BucketEncryption.ServerSideEncryptionConfiguration[0]!.ServerSideEncryptionByDefault;
  return [
    resource("aws_s3_bucket", [...(BucketName === undefined ? [] : [["bucket", BucketName] as const]), STAYS]),
    resource("aws_s3_bucket_server_side_encryption_configuration", [
      itself,
      new Block("rule", [
        new Block("apply_server_side_encryption_by_default", [["sse_algorithm", encryption.SSEAlgorithm]]),
      ]),
    ]),
    resource("aws_s3_bucket_public_access_block", [
      itself,
      ...Object.entries(access).map(([name, value]) => [snake(name), value] as const),
    ]),
    resource("aws_s3_bucket_ownership_controls", [
      itself,
      new Block("rule", [["object_ownership", OwnershipControls.Rules[0]!.ObjectOwnership]]),
    ]),
    resource("aws_s3_bucket_lifecycle_configuration", [itself, ...LifecycleConfiguration.Rules.map(lifecycleRule)]),
    ...(CorsConfiguration === undefined
      ? []
      : [resource("aws_s3_bucket_cors_configuration", [itself, ...CorsConfiguration.CorsRules.map(corsRule)])]),
  ];
}

function lifecycleRule({
  Id,
  Status,
  Prefix,
  TagFilters,
  ExpirationInDays,
  AbortIncompleteMultipartUpload,
}: LifecycleRule): Block {
  const tags = Object.fromEntries((TagFilters ?? []).map(({ Key, Value }) => [Key, Value]));
  return new Block("rule", [
    ["id", Id],
    ["status", Status],
    new Block(
      "filter",
      Prefix === undefined
        ? []
        : [
            new Block("and", [
              ["prefix", Prefix],
              ["tags", tags],
            ]),
          ],
    ),
    ...(ExpirationInDays === undefined ? [] : [new Block("expiration", [["days", ExpirationInDays]])]),
    ...(AbortIncompleteMultipartUpload === undefined
      ? []
      : [
          new Block("abort_incomplete_multipart_upload", [
            ["days_after_initiation", AbortIncompleteMultipartUpload.DaysAfterInitiation],
          ]),
        ]),
  ]);
}

function corsRule({ AllowedOrigins, AllowedMethods, AllowedHeaders, ExposedHeaders, MaxAge }: CorsRule): Block {
  return new Block("cors_rule", [
    ["allowed_origins", AllowedOrigins],
    ["allowed_methods", AllowedMethods],
    ["allowed_headers", AllowedHeaders],
    ["expose_headers", ExposedHeaders],
    ["max_age_seconds", MaxAge],
  ]);
}

/** `BasePolicy` is `base` among policies. */
const labelOf = (name: string): string => snake(name.replace(/(?<=.)Policy$/, ""));

const snake = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();
