// `node scripts/token.js USER`: makes a token for a user of the Worker that has the same AUTH_SECRET.
import { ensureInstalled } from "./lib/install.js";

ensureInstalled();
const { makeToken } = await import("./lib/demo/token.js");

const { AUTH_SECRET: secret = "" } = process.env;
const [user, hours = "12"] = process.argv.slice(2);
if (!user || secret.length < 32 || !(Number(hours) > 0)) {
  console.error(
    "AUTH_SECRET=… node scripts/token.js USER [HOURS], with the secret of the Worker. A token holds for 12 hours " +
      "if you do not say otherwise.",
  );
  process.exit(1);
}
console.log(await makeToken({ secret, user, hours: Number(hours) }));
