import { GitFork } from "lucide-react";
import { useState } from "react";
import { Button, Label, TextArea, TextField } from "react-aria-components";
import { DialogForm, FormDialog } from "../FormDialog.js";
import { sendOnEnter } from "../send-on-enter.js";
import { stepOf, textOf } from "../threads/checkpoint.js";
import type { Checkpoint, ForkEdit } from "../threads/threads.js";

interface ForkProps {
  checkpoint: Checkpoint;
  onFork: (edit: ForkEdit) => void;
}

/**
 * Asks how the branch is to begin. Where nothing follows the last question yet, it is that question which is edited.
 */
export function ForkDialog({ checkpoint, isDisabled, onFork }: ForkProps & { isDisabled: boolean }) {
  const trigger = (
    <Button className="button" isDisabled={isDisabled} aria-describedby="travel-hint">
      <GitFork aria-hidden size={15} /> Fork …
    </Button>
  );
  return (
    <FormDialog trigger={trigger} title={`Fork from step ${stepOf(checkpoint)}`}>
      {(close) => <ForkForm checkpoint={checkpoint} onFork={onFork} close={close} />}
    </FormDialog>
  );
}

function ForkForm({ checkpoint, onFork, close }: ForkProps & { close: () => void }) {
  const last = checkpoint.values.messages?.at(-1);
  const question = last?.type === "human" ? last : undefined;
  const [text, setText] = useState(question ? textOf(question) : "");
  const isReady = text.trim() !== "";

  function submit() {
    close();
    onFork({ text: text.trim(), replaces: question?.id });
  }

  return (
    <DialogForm
      submit={
        <>
          <GitFork aria-hidden size={15} /> Start the branch
        </>
      }
      isReady={isReady}
      onSubmit={submit}
      onCancel={close}
    >
      <p>
        {question ? "Edit the question, and the agent answers it" : "Say something else, and the agent goes on"} on a
        branch of its own. What came after this checkpoint stays as it is.
      </p>
      <TextField value={text} onChange={setText} autoFocus isRequired>
        <Label>{question ? "Question" : "Message"}</Label>
        <TextArea
          rows={3}
          onFocus={(event) => event.target.select()}
          onKeyDown={sendOnEnter(() => isReady && submit())}
        />
      </TextField>
    </DialogForm>
  );
}
