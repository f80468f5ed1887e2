import { officialSuite } from "../../lanes/savers/official-suite.js";

officialSuite("with encryption", { encryption: { key: new Uint8Array(32).fill(7) } });
