import { FileText, Paperclip, SendHorizontal, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { Button, FileTrigger, Form, Label, TextArea, TextField } from "react-aria-components";
import { sendOnEnter } from "../send-on-enter.js";
import type { Document, Draft } from "../threads/threads.js";

const TEXTS = ["text/*", "application/json", ".log", ".md", ".csv"];
/** Of a document's name, from its end, where names differ. */
const MOST_CHARACTERS = 200;

interface ComposerProps {
  draft: Draft;
  takesDocument: boolean;
  onDraft: (draft: Draft) => void;
  onSend: (draft: Draft) => void;
  isBusy: boolean;
}

export function Composer({ draft, takesDocument, onDraft, onSend, isBusy }: ComposerProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const { text, document: attached } = draft;
  const canSend = !isBusy && text.trim() !== "";

  // Whoever has just opened a thread or answered a question goes on here.
  useEffect(() => {
    if (document.activeElement === document.body) field.current?.focus();
  }, []);

  const send = () => {
    if (canSend) onSend({ ...draft, text: text.trim() });
  };

  const attach = (document: Document | undefined) => {
    onDraft({ text, document });
    field.current?.focus();
  };

  return (
    <Form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {attached && (
        <p className="attached">
          <FileText aria-hidden size={15} /> <span>{attached.name}</span>
          <Button className="button icon" aria-label={`Leave out ${attached.name}`} onPress={() => attach(undefined)}>
            <X aria-hidden size={14} />
          </Button>
        </p>
      )}
      <TextField value={text} onChange={(next) => onDraft({ ...draft, text: next })}>
        <Label className="visually-hidden">Message</Label>
        <TextArea ref={field} rows={2} placeholder="Write a message" onKeyDown={sendOnEnter(send)} />
      </TextField>
      {takesDocument && (
        <FileTrigger
          acceptedFileTypes={TEXTS}
          onSelect={(files) => {
            const [file] = files ?? [];
            if (file)
              void file.text().then((content) => attach({ name: file.name.slice(-MOST_CHARACTERS), text: content }));
          }}
        >
          <Button className="button icon" aria-label="Attach a document" isDisabled={isBusy}>
            <Paperclip aria-hidden size={16} />
          </Button>
        </FileTrigger>
      )}
      <Button type="submit" className="button primary" isDisabled={!canSend}>
        <SendHorizontal aria-hidden size={16} /> Send
      </Button>
    </Form>
  );
}
