import { officialSuite } from "../../lanes/savers/official-suite.js";
import { s3Options } from "../../lanes/savers/s3-options.js";

officialSuite("with s3, ttlSeconds and encryption", {
  s3: { ...s3Options(), thresholdBytes: 1 },
  ttlSeconds: 3_600,
  refreshOnRead: true,
  encryption: { key: new Uint8Array(32).fill(7) },
});
