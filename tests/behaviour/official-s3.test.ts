import { s3Options } from "../lanes/harness.js";
import { officialSuite } from "../lanes/official-suite.js";

officialSuite("with s3", { s3: { ...s3Options(), thresholdBytes: 1 } });
