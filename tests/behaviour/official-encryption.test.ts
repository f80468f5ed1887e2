import { officialSuite } from "../lanes/official-suite.js";

officialSuite("with encryption", { encryption: { key: new Uint8Array(32).fill(7) } });
