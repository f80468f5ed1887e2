import { History, Play } from "lucide-react";
import { useEffect, useRef, type RefObject } from "react";
import { Button } from "react-aria-components";
import { interruptsOf, stepOf } from "../threads/checkpoint.js";
import type { Cost } from "../threads/cost.js";
import type { Status } from "../threads/status.js";
import type { Checkpoint, Decision, Draft, Message, Opened } from "../threads/threads.js";
import { Approval } from "./Approval.js";
import { Composer } from "./Composer.js";
import { DeleteThread } from "./DeleteThread.js";
import { ExportMenu } from "./ExportMenu.js";
import { MessageList } from "./MessageList.js";
import { RunCost } from "./RunCost.js";
import { RunStatus } from "./RunStatus.js";
import { Suggestions } from "./Suggestions.js";

interface ConversationProps {
  heading: RefObject<HTMLHeadingElement | null>;
  threadId: string;
  opened: Opened | undefined;
  status: Status;
  messages: Message[];
  latest: Checkpoint | undefined;
  /** The earlier checkpoint that is looked at, if it is one. */
  past: Checkpoint | undefined;
  /** Of the last run. */
  cost: Cost | undefined;
  draft: Draft;
  takesDocument: boolean;
  onDraft: (draft: Draft) => void;
  onSend: (draft: Draft) => void;
  onResume: (interruptId: string, decision: Decision) => void;
  onContinue: () => void;
  onLatest: () => void;
  onDelete: () => Promise<void>;
}

export function Conversation(props: ConversationProps) {
  const { heading, threadId, opened, status, messages, latest, past, cost, takesDocument, onDelete } = props;
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void end.current?.scrollIntoView({ block: "nearest" });
  }, [messages.length, status]);

  return (
    <section className="conversation" aria-labelledby="conversation-heading">
      <div className="panel-head">
        <h2 id="conversation-heading" ref={heading} tabIndex={-1} title={threadId}>
          {threadId}
        </h2>
        <RunStatus status={status} next={latest?.next ?? []} />
        <div className="actions">
          <ExportMenu threadId={threadId} opened={opened} messages={messages} />
          <DeleteThread
            threadId={threadId}
            isDisabled={["running", "loading", "unread"].includes(status)}
            onDelete={onDelete}
          />
        </div>
      </div>
      {/* Scrolls by keyboard, too, where there is nothing in it to press. */}
      <div className="messages" role="region" aria-label="What was said" tabIndex={0}>
        {status === "empty" ? (
          <Suggestions takesDocument={takesDocument} onChoose={(text) => props.onSend({ ...props.draft, text })} />
        ) : (
          <MessageList messages={messages} status={past ? "done" : status} />
        )}
        <RunCost cost={cost} />
        <div ref={end} className="messages-end" />
      </div>
      <div className="answer">
        {past ? <Past checkpoint={past} onLatest={props.onLatest} /> : <Answer {...props} />}
      </div>
    </section>
  );
}

/** What a person can do now: say something, decide, or let a run go on that broke off. */
function Answer(props: ConversationProps) {
  const { status, latest, draft, takesDocument, onDraft, onSend, onResume, onContinue } = props;
  const interrupts = latest ? interruptsOf(latest) : [];
  const [interrupt] = interrupts;
  if (status === "waiting" && interrupt) {
    // This agent asks one question at a time.
    const decide = (decision: Decision) => onResume(interrupt.id!, decision);
    return <Approval interrupts={interrupts} onDecide={decide} />;
  }
  return (
    <>
      {status === "stopped" && (
        <div className="notice">
          <p>
            The last run stopped before <strong>{latest?.next.join(", ")}</strong>. All it had done until then is
            stored.
          </p>
          <Button className="button primary" onPress={onContinue}>
            <Play aria-hidden size={15} /> Continue
          </Button>
        </div>
      )}
      <Composer
        draft={draft}
        takesDocument={takesDocument}
        onDraft={onDraft}
        onSend={onSend}
        isBusy={["running", "loading", "unread"].includes(status)}
      />
    </>
  );
}

function Past({ checkpoint, onLatest }: { checkpoint: Checkpoint; onLatest: () => void }) {
  return (
    <div className="notice">
      <p>
        This is the conversation as it was at <strong>step {stepOf(checkpoint)}</strong>. To go on from here, replay or
        fork the checkpoint.
      </p>
      <Button className="button" onPress={onLatest}>
        <History aria-hidden size={15} /> Back to the latest
      </Button>
    </div>
  );
}
