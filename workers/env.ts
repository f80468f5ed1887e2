/**
 * What the Worker is configured with: `[vars]` of wrangler.toml and `wrangler secret put`. The AWS names are the
 * ones every AWS SDK reads, so `DynamoDBSaver.fromEnv` needs no translation.
 */
export type Env = {
  AWS_REGION?: string;
  AWS_ACCESS_KEY_ID?: string;
  AWS_SECRET_ACCESS_KEY?: string;
  AWS_SESSION_TOKEN?: string;
  AWS_ENDPOINT_URL_DYNAMODB?: string;
  AWS_ENDPOINT_URL_S3?: string;
  DYNAMODB_TABLE_NAME?: string;

  /** Signs the tokens of those who may use this Worker. Without it, nobody is served. */
  AUTH_SECRET?: string;
  /** The names, with their ports, that this Worker answers to, separated by commas. Without it: all that lead to it. */
  ALLOWED_HOSTS?: string;
  /** The files of the page at /page/. */
  ASSETS?: { fetch(request: Request): Promise<Response> };

  /** With it, large parts of a state lie in this bucket and the rest in the table. Without it, everything does. */
  S3_BUCKET?: string;

  /** An OpenAI-compatible API, for example `https://api.openai.com/v1`. Without it a small rule-based model answers. */
  MODEL_BASE_URL?: string;
  MODEL_API_KEY?: string;
  MODEL_NAME?: string;
};
