import { useEffect, useRef } from "react";
import { Cell, Column, Row, Table, TableBody, TableHeader } from "react-aria-components";
import type { Checkpoint } from "../threads/threads.js";
import { clockTime } from "../time.js";
import { LaneCell } from "./LaneCell.js";
import { lanesOf, lineage } from "./lanes.js";

interface TimelineProps {
  /** Newest first; undefined while they are read for the first time. */
  checkpoints: Checkpoint[] | undefined;
  /** They could not be read. */
  failed: boolean;
  selected: string | undefined;
  onSelect: (checkpointId: string) => void;
}

/** The checkpoints, newest first, with the branches they form. */
export function Timeline({ checkpoints: read, failed, selected, onSelect }: TimelineProps) {
  const checkpoints = read ?? [];
  const rows = lanesOf(checkpoints);
  const width = Math.max(1, ...rows.map((row) => Math.max(row.lane, ...row.passing, ...row.joining) + 1));
  const latest = checkpoints[0]?.checkpoint_id;
  const current = lineage(checkpoints, latest);

  const scroll = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void scroll.current?.scrollTo({ top: 0 });
  }, [latest]);

  return (
    <div className="timeline">
      <div className="panel-head">
        <h2>Checkpoints</h2>
        {latest !== undefined && <p className="count">{checkpoints.length}, newest first</p>}
      </div>
      <div className="timeline-scroll" ref={scroll}>
        <Table
          aria-label="Checkpoints, newest first"
          selectionMode="single"
          selectionBehavior="replace"
          disallowEmptySelection
          selectedKeys={selected === undefined ? [] : [selected]}
          onSelectionChange={(keys) => {
            const [key] = keys as Set<string>;
            if (key !== undefined) onSelect(key);
          }}
        >
          <TableHeader>
            <Column className="lane-column">
              <span className="visually-hidden">Branch</span>
            </Column>
            <Column isRowHeader className="step-column">
              Step
            </Column>
            <Column>Source</Column>
            <Column>Next</Column>
            <Column className="time-column">Time</Column>
          </TableHeader>
          <TableBody
            renderEmptyState={() => (
              <p className="empty">
                {read
                  ? "The first message makes the first checkpoint."
                  : failed
                    ? "They could not be read."
                    : "Reading …"}
              </p>
            )}
          >
            {checkpoints.map((checkpoint, index) => {
              const { checkpoint_id: id, step, source, next, interrupts, created_at: time } = checkpoint;
              const row = rows[index];
              return (
                <Row key={id} id={id} className="checkpoint-row" data-other-branch={current.has(id) ? undefined : true}>
                  <Cell className="lane-column">
                    {row && <LaneCell row={row} width={width} waiting={interrupts.length > 0} />}
                    <span className="visually-hidden">{branchText(checkpoint, checkpoints, current)}</span>
                  </Cell>
                  <Cell className="step-column">{step}</Cell>
                  <Cell>{source}</Cell>
                  <Cell>{nextText(next, interrupts.length > 0)}</Cell>
                  <Cell className="time-column">{time && <time dateTime={time}>{clockTime(time)}</time>}</Cell>
                </Row>
              );
            })}
          </TableBody>
        </Table>
      </div>
    </div>
  );
}

function nextText(next: string[], waits: boolean) {
  if (next.length === 0) return <span className="quiet">end</span>;
  return (
    <>
      {next.join(", ")} {waits && <span className="tag waiting">asks</span>}
    </>
  );
}

/** What the lines show, in words. */
function branchText(checkpoint: Checkpoint, checkpoints: Checkpoint[], current: Set<string>): string {
  const children = checkpoints.filter((other) => other.parent_checkpoint_id === checkpoint.checkpoint_id).length;
  const parent = checkpoints.find((other) => other.checkpoint_id === checkpoint.parent_checkpoint_id);
  return [
    current.has(checkpoint.checkpoint_id) ? "current branch" : "other branch",
    parent && `after step ${parent.step}`,
    children > 1 && `${children} branches begin here`,
  ]
    .filter(Boolean)
    .join(", ");
}
