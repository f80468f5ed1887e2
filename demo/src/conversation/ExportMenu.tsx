import { Download } from "lucide-react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import type { Message, Opened } from "../threads/threads.js";
import { download, toJson, toMarkdown } from "./export.js";

interface ExportMenuProps {
  threadId: string;
  opened: Opened | undefined;
  /** Those that are shown. */
  messages: Message[];
}

export function ExportMenu({ threadId, opened, messages }: ExportMenuProps) {
  return (
    <MenuTrigger>
      <Button className="button icon" aria-label="Export" isDisabled={!opened}>
        <Download aria-hidden size={16} />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu">
          <MenuItem
            className="menu-item"
            onAction={() => download(threadId, ".md", "text/markdown", toMarkdown(threadId, messages))}
          >
            The conversation as Markdown
          </MenuItem>
          <MenuItem
            className="menu-item"
            onAction={() => opened && download(threadId, ".json", "application/json", toJson(opened))}
          >
            All checkpoints as JSON
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
