// `npm run screenshots`: takes docs/screenshots/ of the page of `npm run demo:browser` anew.
//   -- --states FOLDER  takes all states of the page instead: light, dark and narrow, for whoever looks them through
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureInstalled } from "./lib/install.js";

ensureInstalled();
const { chromium } = await import("playwright-core");
const { default: sharp } = await import("sharp");
const { showStates } = await import("./lib/demo/page-states.js");
const { chromiumArgs, ensureChromium } = await import("./lib/servers/chromium.js");

const { states } = parseArgs({ options: { states: { type: "string" } } }).values;
const folder = fileURLToPath(new URL("../docs/screenshots/", import.meta.url));
const data = await mkdtemp(join(tmpdir(), "screenshots-"));
// At the ports that the demo has by itself: the pictures show them.
const port = 5173;
const dynamodbPort = 8790;
const demo = spawn(process.execPath, [fileURLToPath(new URL("demo-browser.js", import.meta.url)), "--data", data], {
  stdio: ["ignore", "pipe", "inherit"],
});
const ended = once(demo, "close");
const browser = await chromium.launch({ executablePath: await ensureChromium(), args: chromiumArgs });
try {
  await Promise.race([served(), ended.then(() => Promise.reject(new Error("npm run demo:browser has ended.")))]);
  await (states === undefined ? takeAll() : takeStates(states));
} finally {
  await browser.close();
  demo.kill();
  await ended;
  await rm(data, { recursive: true, force: true });
}

async function served() {
  let output = "";
  for await (const chunk of demo.stdout) {
    output += String(chunk);
    if (output.includes("Ctrl-C")) return;
  }
}

async function newPage() {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  return context.newPage();
}

/** @param {string} folder */
async function takeStates(folder) {
  await mkdir(folder, { recursive: true });
  const page = await newPage();
  await showStates(page, `http://127.0.0.1:${port}/`, async (name) => {
    await page.mouse.move(0, 0);
    await page.screenshot({ animations: "disabled", path: join(folder, `${name}.png`) });
  });
}

/** One thread's story, and the page at each of its turns. */
async function takeAll() {
  const page = await newPage();
  const button = (/** @type {string | RegExp} */ name) => page.getByRole("button", { name });
  const status = (/** @type {string} */ text) => page.getByRole("status").filter({ hasText: text }).waitFor();
  const row = (/** @type {string} */ text) =>
    page
      .getByRole("grid", { name: /^Checkpoints/ })
      .locator("tbody")
      .getByRole("row")
      .filter({ hasText: text });

  /** @param {string} name @param {"light" | "dark"} [colorScheme] */
  const take = async (name, colorScheme = "light") => {
    await page.emulateMedia({ colorScheme });
    await page.mouse.move(0, 0);
    const picture = await page.screenshot({ animations: "disabled" });
    // The page has few colours: a palette makes a third of the size, for whoever clones the project.
    await writeFile(`${folder}${name}.png`, await sharp(picture).png({ palette: true, effort: 10 }).toBuffer());
    console.log(`docs/screenshots/${name}.png`);
  };

  await page.goto(`http://127.0.0.1:${port}/`);
  await button("New thread").first().click();
  await status("New");
  await take("empty");

  await page.getByRole("textbox", { name: "Message" }).fill("Please refund order 1042");
  await button("Send").click();
  await page.getByText("trail running shoes").first().waitFor();
  await status("Running");
  await take("running");

  await status("Waiting for you");
  await take("interrupted");

  await button("Approve").click();
  await status("Done");
  await row("approval").click();
  await button("Replay").click();
  await status("Waiting for you");
  await page.getByRole("textbox", { name: /Reason/ }).fill("the shoes were worn");
  await button("Reject").click();
  await status("Done");
  await row("agent").last().click();
  await button(/^Fork/).click();
  await page.getByRole("textbox", { name: "Question" }).fill("What is 6 * 7?");
  await button("Start the branch").click();
  await page.getByText("That makes 42.").first().waitFor();
  await status("Done");
  await take("forked");
  await take("forked-dark", "dark");

  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("radio", { name: "History" }).click();
  await take("narrow-history");
  await page.getByRole("radio", { name: "Conversation" }).click();
  await page.setViewportSize({ width: 1440, height: 900 });

  await page.context().route(`http://127.0.0.1:${dynamodbPort}/**`, (route) => route.abort("connectionrefused"));
  await page.getByRole("textbox", { name: "Message" }).fill("What is 3 + 4?");
  await button("Send").click();
  await page.getByRole("alert").waitFor();
  await status("Done");
  await take("error");
  await take("error-dark", "dark");
}
