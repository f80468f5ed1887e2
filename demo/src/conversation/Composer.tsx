import { SendHorizontal } from "lucide-react";
import { useEffect, useRef, type KeyboardEvent } from "react";
import { Button, Form, Label, TextArea, TextField } from "react-aria-components";

interface ComposerProps {
  text: string;
  onText: (text: string) => void;
  onSend: (text: string) => void;
  isBusy: boolean;
}

export function Composer({ text, onText, onSend, isBusy }: ComposerProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const canSend = !isBusy && text.trim() !== "";

  // Whoever has just opened a thread or answered a question goes on here.
  useEffect(() => {
    if (document.activeElement === document.body) field.current?.focus();
  }, []);

  const send = () => {
    if (canSend) onSend(text.trim());
  };

  const sendOnEnter = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <Form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <TextField value={text} onChange={onText}>
        <Label className="visually-hidden">Message</Label>
        <TextArea ref={field} rows={2} placeholder="Write a message" onKeyDown={sendOnEnter} />
      </TextField>
      <Button type="submit" className="button primary" isDisabled={!canSend}>
        <SendHorizontal aria-hidden size={16} /> Send
      </Button>
    </Form>
  );
}
