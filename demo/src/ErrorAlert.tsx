import { CircleAlert, RotateCw, X } from "lucide-react";
import { Button } from "react-aria-components";
import type { Failure } from "./threads/use-runs.js";

/** What failed, with the error's code, and what to do about it. */
export function ErrorAlert({
  failure,
  onReadAgain,
  onDismiss,
}: {
  failure: Failure;
  onReadAgain: () => void;
  onDismiss: () => void;
}) {
  const { what, code, message, remedy } = failure;
  return (
    <section className="alert" role="alert" aria-label="Error">
      <CircleAlert aria-hidden size={20} className="alert-icon" />
      <div className="alert-text">
        <h2>
          {what} <code>{code}</code>
        </h2>
        <p>{remedy}</p>
        <p className="alert-detail">{message}</p>
      </div>
      <div className="alert-actions">
        <Button className="button" onPress={onReadAgain}>
          <RotateCw aria-hidden size={15} /> Read again
        </Button>
        <Button className="button icon" aria-label="Dismiss" onPress={onDismiss}>
          <X aria-hidden size={16} />
        </Button>
      </div>
    </section>
  );
}
