import { GitFork } from "lucide-react";
import { useState } from "react";
import {
  Button,
  Dialog,
  DialogTrigger,
  Form,
  Heading,
  Label,
  Modal,
  ModalOverlay,
  TextArea,
  TextField,
} from "react-aria-components";
import { stepOf, textOf } from "../threads/checkpoint.js";
import type { Checkpoint, ForkEdit } from "../threads/threads.js";

interface ForkDialogProps {
  checkpoint: Checkpoint;
  isDisabled: boolean;
  onFork: (edit: ForkEdit) => void;
}

/**
 * Asks how the branch is to begin. Where nothing follows the last question yet, it is that question which is edited.
 */
export function ForkDialog({ checkpoint, isDisabled, onFork }: ForkDialogProps) {
  const last = checkpoint.values.messages?.at(-1);
  const question = last?.type === "human" ? last : undefined;
  const [text, setText] = useState(question ? textOf(question) : "");

  return (
    <DialogTrigger>
      <Button className="button" isDisabled={isDisabled} aria-describedby="fork-hint">
        <GitFork aria-hidden size={15} /> Fork …
      </Button>
      <ModalOverlay className="overlay" isDismissable>
        <Modal className="modal">
          <Dialog>
            {({ close }) => (
              <Form
                onSubmit={(event) => {
                  event.preventDefault();
                  if (text.trim() === "") return;
                  close();
                  onFork({ text: text.trim(), replaces: question?.id });
                }}
              >
                <Heading slot="title">Fork from step {stepOf(checkpoint)}</Heading>
                <p>
                  {question
                    ? "Edit the question, and the agent answers it"
                    : "Say something else, and the agent goes on"}{" "}
                  on a branch of its own. What came after this checkpoint stays as it is.
                </p>
                <TextField value={text} onChange={setText} autoFocus isRequired>
                  <Label>{question ? "Question" : "Message"}</Label>
                  <TextArea rows={3} />
                </TextField>
                <div className="dialog-actions">
                  <Button className="button" onPress={close}>
                    Cancel
                  </Button>
                  <Button type="submit" className="button primary" isDisabled={text.trim() === ""}>
                    <GitFork aria-hidden size={15} /> Start the branch
                  </Button>
                </div>
              </Form>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
