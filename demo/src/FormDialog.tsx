import type { ReactNode } from "react";
import { Button, Dialog, DialogTrigger, Form, Heading, Modal, ModalOverlay } from "react-aria-components";

interface FormDialogProps {
  /** The button that opens it. */
  trigger: ReactNode;
  title: string;
  isWide?: boolean;
  /** Is shown while the dialog is open, and so begins anew each time. */
  children: (close: () => void) => ReactNode;
}

/** A dialog with a form in it. */
export function FormDialog({ trigger, title, isWide = false, children }: FormDialogProps) {
  return (
    <DialogTrigger>
      {trigger}
      {/* A press beside it does not throw away what is long to write. */}
      <ModalOverlay className="overlay" isDismissable={!isWide}>
        <Modal className={isWide ? "modal wide" : "modal"}>
          <Dialog>
            {({ close }) => (
              <>
                <Heading slot="title">{title}</Heading>
                {children(close)}
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}

/** What is in the dialog: fields, and the two ways out. */
export function DialogForm(props: {
  submit: ReactNode;
  isReady: boolean;
  onSubmit: () => void;
  onCancel: () => void;
  children: ReactNode;
}) {
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        if (props.isReady) props.onSubmit();
      }}
    >
      {props.children}
      <div className="dialog-actions">
        <Button className="button" onPress={props.onCancel}>
          Cancel
        </Button>
        <Button type="submit" className="button primary" isDisabled={!props.isReady}>
          {props.submit}
        </Button>
      </div>
    </Form>
  );
}
