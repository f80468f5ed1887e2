import { useEffect, useRef } from "react";
import { Cell, Column, Row, Table, TableBody, TableHeader } from "react-aria-components";
import { idOf, interruptsOf, parentOf, sourceOf, stepOf } from "../threads/checkpoint.js";
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
  const nodes = checkpoints.map((checkpoint) => ({ id: idOf(checkpoint), parent: parentOf(checkpoint) }));
  const rows = lanesOf(nodes);
  const width = Math.max(1, ...rows.map((row) => Math.max(row.lane, ...row.passing, ...row.joining) + 1));
  const latest = nodes[0]?.id;
  const current = lineage(nodes, latest);

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
              const { next, created_at: time } = checkpoint;
              const id = idOf(checkpoint);
              const waits = interruptsOf(checkpoint).length > 0;
              const row = rows[index];
              return (
                <Row key={id} id={id} className="checkpoint-row" data-other-branch={current.has(id) ? undefined : true}>
                  <Cell className="lane-column">
                    {row && <LaneCell row={row} width={width} waiting={waits} />}
                    <span className="visually-hidden">{branchText(checkpoint, checkpoints, current)}</span>
                  </Cell>
                  <Cell className="step-column">{stepOf(checkpoint)}</Cell>
                  <Cell>{sourceOf(checkpoint)}</Cell>
                  <Cell>{nextText(next, waits)}</Cell>
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
  const children = checkpoints.filter((other) => parentOf(other) === idOf(checkpoint)).length;
  const parent = checkpoints.find((other) => idOf(other) === parentOf(checkpoint));
  return [
    current.has(idOf(checkpoint)) ? "current branch" : "other branch",
    parent && `after step ${stepOf(parent)}`,
    children > 1 && `${children} branches begin here`,
  ]
    .filter(Boolean)
    .join(", ");
}
