import { officialSuite } from "../../lanes/savers/official-suite.js";

officialSuite("without compression", { compression: "none" });
