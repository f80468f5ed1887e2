import { PencilLine } from "lucide-react";
import { useState } from "react";
import { Button, FieldError, Label, TextArea, TextField } from "react-aria-components";
import { Choice } from "../Choice.js";
import { DialogForm, FormDialog } from "../FormDialog.js";
import { stepOf } from "../threads/checkpoint.js";
import { problemOf } from "../threads/problem.js";
import type { Checkpoint, Edit } from "../threads/threads.js";
import { updateOf, valuesIn } from "./state-update.js";

interface EditProps {
  checkpoint: Checkpoint;
  parent: Checkpoint | undefined;
  /** Of the graph, as far as the server tells. */
  nodes: readonly string[];
  onEdit: (edit: Edit) => Promise<void>;
}

/** Writes a state of one's own after a checkpoint, as a new branch. */
export function EditDialog({ isDisabled, ...props }: EditProps & { isDisabled: boolean }) {
  const trigger = (
    <Button className="button" isDisabled={isDisabled}>
      <PencilLine aria-hidden size={15} /> Edit …
    </Button>
  );
  return (
    <FormDialog trigger={trigger} title={`Edit the state at step ${stepOf(props.checkpoint)}`} isWide>
      {(close) => <EditForm {...props} close={close} />}
    </FormDialog>
  );
}

function EditForm({ checkpoint, parent, nodes, onEdit, close }: EditProps & { close: () => void }) {
  const [text, setText] = useState(() => JSON.stringify(checkpoint.values, null, 2));
  const [node, setNode] = useState(writerOf(checkpoint, parent, nodes));
  const [problem, setProblem] = useState<string>();
  const [isSending, setSending] = useState(false);

  async function submit() {
    setSending(true);
    try {
      await onEdit({ values: updateOf(checkpoint.values, valuesIn(text)), asNode: node || undefined });
      close();
    } catch (error) {
      setProblem(problemOf(error).message);
      setSending(false);
    }
  }

  return (
    <DialogForm submit="Store as a new branch" isReady={!isSending} onSubmit={() => void submit()} onCancel={close}>
      <p>
        What you change is written after this checkpoint; what came after it stays. Each channel takes it in its own
        way: messages are replaced by their id, and a channel that adds up adds what you give it. A channel that you
        leave out stays as it is.
      </p>
      <TextField
        value={text}
        onChange={(next) => {
          setText(next);
          setProblem(undefined);
        }}
        autoFocus
        isInvalid={problem !== undefined}
        validationBehavior="aria"
      >
        <Label>State</Label>
        <TextArea rows={14} className="json" spellCheck={false} />
        <FieldError>{problem}</FieldError>
      </TextField>
      <Choice
        label="In the name of"
        options={[["", "whoever wrote last"], ...nodes.map((name) => [name, name] as const)]}
        value={node}
        onChange={setNode}
      />
    </DialogForm>
  );
}

/** The node that has made a checkpoint: what follows it then follows the edited state. */
function writerOf({ metadata }: Checkpoint, parent: Checkpoint | undefined, nodes: readonly string[]): string {
  const [writer, ...others] = metadata?.["source"] === "input" ? ["__start__"] : (parent?.next ?? []);
  return writer !== undefined && others.length === 0 && nodes.includes(writer) ? writer : "";
}
