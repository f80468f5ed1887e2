import { officialSuite } from "../../lanes/savers/official-suite.js";

officialSuite("langgraph-checkpoint-dynamodb");
