import type { LaneRow } from "./lanes.js";

const HEIGHT = 36;
const MIDDLE = HEIGHT / 2;
const LANE_WIDTH = 14;
const COLOURS = 5;

const x = (lane: number) => lane * LANE_WIDTH + LANE_WIDTH / 2 + 2;
const colour = (lane: number) => `var(--lane-${lane % COLOURS})`;

/** One row's part of the graph: its dot, the lines to its neighbours, and those that pass by. */
export function LaneCell({ row, width, waiting }: { row: LaneRow; width: number; waiting: boolean }) {
  const { lane, fromAbove, toBelow, passing, joining } = row;
  return (
    <svg className="lanes" aria-hidden width={width * LANE_WIDTH + 4} height={HEIGHT}>
      {passing.map((other) => (
        <path key={other} d={`M${x(other)} 0V${HEIGHT}`} stroke={colour(other)} />
      ))}
      {joining.map((branch) => (
        <path
          key={branch}
          d={`M${x(branch)} 0C${x(branch)} ${MIDDLE} ${x(lane)} ${MIDDLE / 2} ${x(lane)} ${MIDDLE}`}
          stroke={colour(branch)}
        />
      ))}
      {fromAbove && <path d={`M${x(lane)} 0V${MIDDLE}`} stroke={colour(lane)} />}
      {toBelow && <path d={`M${x(lane)} ${MIDDLE}V${HEIGHT}`} stroke={colour(lane)} />}
      <circle
        cx={x(lane)}
        cy={MIDDLE}
        r={waiting ? 5 : 4}
        data-waiting={waiting || undefined}
        fill={colour(lane)}
        stroke={colour(lane)}
      />
    </svg>
  );
}
