import { awsError } from "../../lanes/faults/faulty-fetch.js";
import { s3Error, type AwsRequest, type Intercept } from "../../lanes/stored/aws-requests.js";

export const WEEK = 7 * 86_400;

export const newPrefix = (): string => `${crypto.randomUUID()}#`;

export const isS3 = ({ headers }: AwsRequest): boolean => !headers.has("x-amz-target");

/** Denies an action as IAM does, whatever it is about. */
export const denying =
  (operation: string, isMeant: (request: AwsRequest) => boolean = () => true): Intercept =>
  (request) => {
    if (request.operation !== operation || !isMeant(request) || request.headers.get("authorization") === null)
      return undefined;
    return isS3(request)
      ? s3Error(403, "AccessDenied")
      : awsError("AccessDeniedException", { message: "User: arn:aws:iam::123456789012:user/x is not authorized" });
  };
