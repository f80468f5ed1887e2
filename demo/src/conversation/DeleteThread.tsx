import { Trash2 } from "lucide-react";
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";

/** Asks first: what is deleted is gone from DynamoDB. */
export function DeleteThread(props: { threadId: string; isDisabled: boolean; onDelete: () => Promise<void> }) {
  return (
    <DialogTrigger>
      <Button className="button icon" aria-label="Delete this thread" isDisabled={props.isDisabled}>
        <Trash2 aria-hidden size={16} />
      </Button>
      <ModalOverlay className="overlay" isDismissable>
        <Modal className="modal">
          <Dialog role="alertdialog">
            {({ close }) => (
              <>
                <Heading slot="title" className="long-name" title={props.threadId}>
                  Delete {props.threadId}?
                </Heading>
                <p>All its checkpoints are deleted from DynamoDB. This cannot be undone.</p>
                <div className="dialog-actions">
                  <Button className="button" onPress={close}>
                    Keep it
                  </Button>
                  <Button
                    className="button danger"
                    onPress={() => {
                      close();
                      void props.onDelete();
                    }}
                  >
                    Delete thread
                  </Button>
                </div>
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
