import { underLeases } from "../../lanes/savers/leased-saver.js";
import { officialSuite } from "../../lanes/savers/official-suite.js";

officialSuite("with every call under a lease", {}, underLeases);
