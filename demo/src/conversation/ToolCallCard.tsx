import { Wrench } from "lucide-react";
import type { ToolCall } from "../threads/checkpoint.js";

interface ToolCallCardProps {
  call: ToolCall;
  /** What the tool answered, as it stands in the message; absent while it has not. */
  result?: string | undefined;
  /** Said in place of the answer. */
  pending?: string;
}

export function ToolCallCard({ call, result, pending }: ToolCallCardProps) {
  return (
    <div className="tool-call">
      <p className="tool-name">
        <Wrench aria-hidden size={14} /> <code>{call.name}</code>
      </p>
      <Fields title="Arguments" fields={call.args} />
      {result !== undefined ? (
        <Fields title="Result" fields={fieldsOf(result)} />
      ) : (
        pending && <p className="tool-pending">{pending}</p>
      )}
    </div>
  );
}

function Fields({ title, fields }: { title: string; fields: Record<string, unknown> }) {
  return (
    <dl className="fields" aria-label={title}>
      {Object.entries(fields).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Tools answer in JSON; a message that was put into the state from outside need not. */
function fieldsOf(content: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(content);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : { result: value };
  } catch {
    return { result: content };
  }
}
