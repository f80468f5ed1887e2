import { ToggleButton, ToggleButtonGroup } from "react-aria-components";

const VIEWS = { threads: "Threads", conversation: "Conversation", history: "History" };

export type View = keyof typeof VIEWS;

/** On a narrow screen one of the three columns is shown at a time; elsewhere this is not. */
export function ViewSwitch({ view, onChange }: { view: View; onChange: (view: View) => void }) {
  return (
    <nav className="view-switch" aria-label="View">
      <ToggleButtonGroup
        aria-label="View"
        selectionMode="single"
        disallowEmptySelection
        selectedKeys={[view]}
        onSelectionChange={([next]) => onChange(next as View)}
      >
        {Object.entries(VIEWS).map(([id, label]) => (
          <ToggleButton key={id} id={id}>
            {label}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
    </nav>
  );
}
