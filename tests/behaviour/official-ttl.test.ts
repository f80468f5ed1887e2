import { officialSuite } from "../lanes/official-suite.js";

officialSuite("with ttlSeconds", { ttlSeconds: 3_600, refreshOnRead: true });
