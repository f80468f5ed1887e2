import { Plus } from "lucide-react";
import { Button } from "react-aria-components";

/** Shown where the address names a thread that is not there: it was deleted, or somebody has mistyped it. */
export function Missing({ threadId, onNew }: { threadId: string; onNew: () => void }) {
  return (
    <section className="welcome" aria-label="No such thread">
      <div>
        <h2>There is no such thread</h2>
        <p role="status">
          Nothing is stored as{" "}
          <strong className="long-name" title={threadId}>
            {threadId}
          </strong>{" "}
          It was deleted, or the address is mistyped.
        </p>
        <Button className="button primary" onPress={onNew}>
          <Plus aria-hidden size={16} /> New thread
        </Button>
      </div>
    </section>
  );
}
