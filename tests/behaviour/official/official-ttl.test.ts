import { officialSuite } from "../../lanes/savers/official-suite.js";

officialSuite("with ttlSeconds", { ttlSeconds: 3_600, refreshOnRead: true });
