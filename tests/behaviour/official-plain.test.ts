import { officialSuite } from "../lanes/official-suite.js";

officialSuite("without compression", { compression: "none" });
