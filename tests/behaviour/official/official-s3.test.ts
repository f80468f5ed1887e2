import { officialSuite } from "../../lanes/savers/official-suite.js";
import { s3Options } from "../../lanes/savers/s3-options.js";

officialSuite("with s3", { s3: { ...s3Options(), thresholdBytes: 1 } });
