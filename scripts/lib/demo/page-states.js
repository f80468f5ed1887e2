/** @import { Page } from "playwright-core" */

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 360, height: 740 };

/** What a model writes that is hard to show. */
const MARKDOWN = [
  "# A heading",
  "Here is **what I found**, with `code`, a [link](https://example.com) and <b>raw HTML</b>:",
  "1. first\n2. second\n   - inner",
  "| order | item | total |\n| --- | --- | ---: |\n| 1041 | jacket | 89.00 |\n| 1042 | running shoes | 129.90 |",
  "```js\nconst line = await readALineThatIsMuchLongerThanTheBubbleInWhichItIsShown(process.stdin, { max: 80 });\n```",
  "> A quote, and then the end.",
].join("\n\n");

/**
 * The page in each of its states that a person may come to, for whoever wants to look at them all.
 *
 * @param {Page} page
 * @param {string} url
 * @param {(name: string) => Promise<void>} shoot
 */
export async function showStates(page, url, shoot) {
  const button = (/** @type {string | RegExp} */ name) => page.getByRole("button", { name });
  const message = page.getByRole("textbox", { name: "Message" });
  const status = (/** @type {string} */ text) => page.getByRole("status").filter({ hasText: text }).waitFor();
  const rows = page
    .getByRole("grid", { name: /^Checkpoints/ })
    .locator("tbody")
    .getByRole("row");
  const view = async (/** @type {string} */ name) => {
    const radio = page.getByRole("radio", { name });
    // Below a dialog, nothing else can be pressed.
    if ((await radio.isVisible()) && !(await page.locator(".modal").count())) await radio.click();
  };
  /** Light, dark, and narrow: there the view that the state is about. */
  const take = async (/** @type {string} */ name, about = "Conversation") => {
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      await page.emulateMedia({ colorScheme });
      await shoot(`${name}-${colorScheme}`);
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize(NARROW);
    await view(about);
    await shoot(`${name}-narrow`);
    await view("Conversation");
    await page.setViewportSize(WIDE);
  };
  const say = async (/** @type {string} */ text) => {
    await message.fill(text);
    await button("Send").click();
  };
  const edit = async (/** @type {string} */ text, node = "agent") => {
    await button(/^Edit/).click();
    await page.getByRole("textbox", { name: "State" }).fill(text);
    await page.getByRole("combobox", { name: "In the name of" }).selectOption(node);
  };

  await page.goto(url);
  await page.getByRole("region", { name: "Welcome" }).waitFor();
  await page.getByText("Reading …").waitFor({ state: "detached" });
  await take("welcome");
  await button("New thread").first().click();
  await status("New");
  await take("new");
  await page.locator("input[type=file]").setInputFiles({
    name: `${"a-log-with-a-long-name-".repeat(6)}.log`,
    mimeType: "text/plain",
    buffer: Buffer.from("a\nE-417\n"),
  });
  await message.fill("Please find E-417 in my log.");
  await button(/^Leave out/).waitFor();
  await take("attached");
  await button("Send").click();
  await status("Running");
  await take("running");
  await status("Done");
  await say("Please refund order 1042");
  await status("Waiting for you");
  await take("waiting");
  await button("Reject").click();
  await status("Done");
  await rows.filter({ hasText: "tools" }).first().click();
  await take("past", "History");
  await page.getByRole("combobox", { name: "against" }).selectOption({ index: 0 });
  await take("compared", "History");
  await button("Export").click();
  await page.getByRole("menu").waitFor();
  await shoot("export-light");
  await page.keyboard.press("Escape");
  await button(/^Edit/).click();
  await take("edit", "History");
  await page.keyboard.press("Escape");
  await edit("{ oops");
  await button("Store as a new branch").click();
  await take("edit-refused", "History");
  await page.keyboard.press("Escape");
  await page.goto(`${page.url().replace(/\/checkpoints\/.*$/, "")}/checkpoints/none`);
  await page.getByText(/no checkpoint of that address/).waitFor();
  await take("lost", "History");
  await page.getByRole("combobox", { name: "Status" }).selectOption("interrupted");
  await take("no-thread-fits", "Threads");
  await page.getByRole("combobox", { name: "Status" }).selectOption("");

  await button("New thread").first().click();
  await status("New");
  await say("What is 6 * 7?");
  await status("Done");
  const long = Array.from({ length: 30 }, (_, i) => ({ type: i % 2 ? "ai" : "human", content: `Message ${i}` }));
  await edit(JSON.stringify({ messages: [...long, { type: "ai", content: MARKDOWN }] }));
  await button("Store as a new branch").click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByText("A quote, and then the end.").waitFor();
  await take("markdown");
  await say("What is 1 + 2?");
  await page.getByText("That makes 3.").first().waitFor();
  await status("Done");
  await take("long", "History");
  await take("threads", "Threads");
  await button("Delete this thread").click();
  await take("delete");
  await page.keyboard.press("Escape");
  await page.goto(`${url}#/threads/${"import-0123456789abcdef-".repeat(12)}`);
  await page.getByRole("heading", { name: "There is no such thread" }).waitFor();
  await take("missing");
}
