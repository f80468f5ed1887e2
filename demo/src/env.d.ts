interface ImportMetaEnv {
  /** Where the page finds DynamoDB; `npm run demo:browser` sets it. */
  readonly VITE_DYNAMODB_ENDPOINT: string;
  readonly VITE_TABLE_NAME: string;
}
