import { Check, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button, Disclosure, DisclosurePanel, Heading, Input, Label, TextField } from "react-aria-components";
import { StateTree } from "../history/StateTree.js";
import { stateTree } from "../history/state-changes.js";
import type { ToolCall } from "../threads/checkpoint.js";
import type { Decision, Interrupt } from "../threads/threads.js";
import { ToolCallCard } from "./ToolCallCard.js";

/** The agent asks, and its run has ended until a person answers: now, after a reload, or on another day. */
export function Approval({
  interrupts,
  onDecide,
}: {
  interrupts: Interrupt[];
  onDecide: (decision: Decision) => void;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [reason, setReason] = useState("");

  // The field that had the focus until now is gone.
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus();
  }, []);

  return (
    <section className="approval" aria-labelledby="approval-heading">
      <h3 id="approval-heading" ref={heading} tabIndex={-1}>
        {interrupts.map(({ value }) => questionOf(value)).join(" ")}
      </h3>
      {interrupts
        .flatMap(({ value }) => toolCallsOf(value))
        .map((call) => (
          <ToolCallCard key={call.id} call={call} />
        ))}
      <Disclosure className="disclosure">
        <Heading level={4}>
          <Button slot="trigger" className="link">
            The interrupt&rsquo;s value
          </Button>
        </Heading>
        <DisclosurePanel>
          <StateTree
            label="The interrupt's value"
            nodes={stateTree(Object.fromEntries(interrupts.map(({ value }, i) => [i, value])), undefined)}
            expandAll
          />
        </DisclosurePanel>
      </Disclosure>
      <div className="decision">
        <TextField value={reason} onChange={setReason}>
          <Label>Reason, if you reject</Label>
          <Input />
        </TextField>
        <Button
          className="button"
          onPress={() => onDecide({ approve: false, ...(reason.trim() && { reason: reason.trim() }) })}
        >
          <X aria-hidden size={16} /> Reject
        </Button>
        <Button className="button primary" onPress={() => onDecide({ approve: true })}>
          <Check aria-hidden size={16} /> Approve
        </Button>
      </div>
    </section>
  );
}

/** An interrupt's value can be anything; this agent's has a question and the calls it is about. */
function questionOf(value: unknown): string {
  const { question } = (value ?? {}) as { question?: unknown };
  return typeof question === "string" ? question : "The agent waits for an answer.";
}

function toolCallsOf(value: unknown): ToolCall[] {
  const { tool_calls } = (value ?? {}) as { tool_calls?: unknown };
  return Array.isArray(tool_calls) ? (tool_calls as ToolCall[]) : [];
}
