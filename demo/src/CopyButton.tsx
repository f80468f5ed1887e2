import { Check, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "react-aria-components";

const SHOWN_MS = 2_000;

interface CopyButtonProps {
  label: string;
  icon: LucideIcon;
  /** Asked only when somebody presses: it may be long. */
  text: () => string;
}

/** Puts a text into the clipboard, and says so. */
export function CopyButton({ label, icon: Icon, text }: CopyButtonProps) {
  const [said, say] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => say(""), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);

  const copy = () =>
    navigator.clipboard.writeText(text()).then(
      () => say("Copied"),
      () => say("The browser does not allow it"),
    );

  return (
    <Button className="button small" onPress={() => void copy()}>
      {said === "Copied" ? <Check aria-hidden size={14} /> : <Icon aria-hidden size={14} />} {label}
      <span role="status" className="visually-hidden">
        {said}
      </span>
    </Button>
  );
}
