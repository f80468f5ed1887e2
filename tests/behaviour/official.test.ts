import { officialSuite } from "../lanes/official-suite.js";

officialSuite("langgraph-checkpoint-dynamodb");
