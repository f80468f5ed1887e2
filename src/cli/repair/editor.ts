import { spawn } from "node:child_process";
import { once } from "node:events";
import { UsageError } from "../errors.js";
import { whilePaused } from "../interrupt.js";

/** Opens a file in the editor of who is there, and waits until that is closed. @throws UsageError when it failed */
export async function openInEditor(file: string): Promise<void> {
  const editor = process.env.VISUAL || process.env.EDITOR || (process.platform === "win32" ? "notepad" : "vi");
  await whilePaused(async () => {
    // As git does: it can have options of its own.
    const child =
      process.platform === "win32"
        ? spawn(`${editor} "${file}"`, { shell: true, stdio: "inherit" })
        : spawn("sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0)
      throw new UsageError(`The editor (${editor}) ended with ${code ?? "a signal"}. VISUAL or EDITOR names another.`);
  });
}
