import { Plus } from "lucide-react";
import { Button } from "react-aria-components";

/** Shown before a thread is opened. */
export function Welcome({ onNew }: { onNew: () => void }) {
  return (
    <section className="welcome" aria-label="Welcome">
      <div>
        <h2>An agent that remembers</h2>
        <p>
          Every step of a conversation is a checkpoint in DynamoDB. Reload the page in the middle of a run, answer an
          approval tomorrow, go back to any step and take another turn.
        </p>
        <Button className="button primary" onPress={onNew}>
          <Plus aria-hidden size={16} /> New thread
        </Button>
      </div>
    </section>
  );
}
