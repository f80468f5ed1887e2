import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { hasPackages, npm } from "../install.js";
import { pagesOfSite, placeOf, repository, textOf } from "./pages.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = `${root}.cache/site/`;

/** Nobody needs it who only changes code, so it is no dependency: it is installed when a site is built. */
const versions = { vitepress: "1.6.4" };

/** Where the site is when it is built. */
export const builtSite = `${folder}dist`;

/**
 * Builds the site. VitePress refuses links that lead nowhere.
 * @param {string} base where it will lie on its server, with slashes around it
 */
export async function buildSite(base = "/") {
  await ensureVitePress();
  writeSources(base);
  const command = [`${folder}node_modules/vitepress/bin/vitepress.js`, "build", folder];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`VitePress did not build the site:\n${stdout}${stderr}`);
}

async function ensureVitePress() {
  if (hasPackages(folder, versions)) return;
  console.log("Installing VitePress, which makes the site (npm) …");
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}package.json`, JSON.stringify({ private: true, type: "module", dependencies: versions }));
  const isDone = await npm(["install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error"]);
  if (!isDone || !hasPackages(folder, versions))
    throw new Error(`VitePress is not installed. To see why, run: npm install --prefix ${folder}`);
}

/** The same Markdown files, at the same places, with links that hold there. @param {string} base */
function writeSources(base) {
  for (const name of ["pages", "dist", ".vitepress"]) rmSync(folder + name, { recursive: true, force: true });
  const pages = pagesOfSite();
  for (const { source } of pages) {
    const file = `${folder}pages/${placeOf(source)}`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, textOf(source, pages));
  }
  cpSync(`${root}docs/screenshots`, `${folder}pages/docs/screenshots`, { recursive: true });
  mkdirSync(`${folder}.vitepress`);
  cpSync(fileURLToPath(new URL("config.js", import.meta.url)), `${folder}.vitepress/config.mjs`);
  const site = {
    base,
    repository: repository(),
    pages: pages.map(({ source, title }) => ({ text: title, link: `/${placeOf(source)}` })),
  };
  writeFileSync(`${folder}.vitepress/site.json`, JSON.stringify(site));
}
