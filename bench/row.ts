// What a piece of the benchmark is: groups of rows. A row says in one place what it measures, how, and its goal; the note of
// a group says once what holds for all of its rows.
import { interleave, quantile, type Sample } from './measure.ts'
import type { Run } from './run.ts'

export interface Row<World> {
  readonly what: string
  /** One round. Returns its cost, or several costs by name. */
  readonly how: Round<World>
  /** What it is compared with, at the same cost. Rows that share a function share its rounds. */
  readonly beside?: Round<World>
  /** Which of the costs of a round; `time` if it is not said. */
  readonly cost?: string
  /** How to show the cost; as a duration if it is not said. */
  readonly unit?: Unit
  /** The limit of the ratio if there is a `beside`, else of the cost. */
  readonly goal?: number
}

/** `round` is its number from 0; those before the ones that count are numbered too. */
export type Round<World> = (world: World, round: number) => Promise<Sample> | Sample

export interface Unit {
  readonly show: (cost: number) => string
  /** The ratio is shown as one of throughputs, where more is better. */
  readonly isRate?: boolean
}

export interface Group<World> {
  readonly note: string
  readonly rounds: number
  /** The rounds before those, which do not count. */
  readonly warmUp?: number
  /** Shows the best of all rounds instead of the median and the best tenth. */
  readonly best?: boolean
  readonly rows: readonly Row<World>[]
}

/** Groups whose rows share a world. */
export interface Piece<World> {
  /** Makes the world. What must be closed at the end goes onto `run.stack`. */
  readonly open: (run: Run) => Promise<World> | World
  readonly groups: readonly Group<World>[]
}

export interface MeasuredGroup {
  readonly note: string
  readonly rows: readonly MeasuredRow[]
}

/** A row as text. */
export interface MeasuredRow {
  readonly what: string
  readonly measured: string
  readonly beside?: string
  readonly ratio?: string
  readonly goal?: string
  readonly met?: boolean
}

export const duration: Unit = {
  show(microseconds) {
    if (microseconds < 1000) return `${microseconds.toFixed(microseconds < 10 ? 2 : 1)} µs`
    return microseconds < 1e6 ? `${(microseconds / 1000).toFixed(1)} ms` : `${(microseconds / 1e6).toFixed(2)} s`
  },
}

/** Microseconds for one, shown as how many a second. */
export const perSecond: Unit = {
  show: (microseconds) => `${Math.round(1e6 / microseconds).toLocaleString('en-GB')}/s`,
  isRate: true,
}

/** Measures the rows of a piece; they take turns. */
export async function measurePiece<World>({ open, groups }: Piece<World>, run: Run): Promise<readonly MeasuredGroup[]> {
  const world = await open(run)
  const measured: MeasuredGroup[] = []
  for (const group of groups) measured.push({ note: group.note, rows: await measureRows(group, world, run.quick) })
  return measured
}

/** The rows of a piece that failed: all of its goals are missed. */
export function failPiece<World>({ groups }: Piece<World>, why: string): readonly MeasuredGroup[] {
  return groups.map(({ note, rows }, number) => ({
    note: number === 0 ? `Failed: ${why}\n\n${note}` : note,
    rows: rows.map((row) => ({ what: row.what, measured: 'failed', ...judge(row, NaN) })),
  }))
}

async function measureRows<World>(group: Group<World>, world: World, quick: boolean): Promise<readonly MeasuredRow[]> {
  const { rows, rounds, warmUp = 0, best = false } = group
  const fewer = (count: number) => (quick ? Math.ceil(count / 5) : count)
  const variants = new Set(rows.flatMap(({ how, beside }) => (beside === undefined ? [how] : [how, beside])))
  const samples = await interleave(variants, world, { rounds: fewer(rounds), warmUp: fewer(warmUp) })
  return rows.map((row) => {
    const { what, how, beside, cost = 'time', unit = duration } = row
    const costsOf = (round: Round<World>) =>
      (samples.get(round) ?? []).map((sample) => (typeof sample === 'number' ? sample : (sample[cost] ?? NaN)))
    const middle = (costs: readonly number[]) => (best ? Math.min(...costs) : quantile(costs, 0.5))
    const show = (costs: readonly number[]) =>
      best || costs.length === 1
        ? unit.show(middle(costs))
        : `${unit.show(middle(costs))} (${unit.show(quantile(costs, 0.1))})`
    const ours = costsOf(how)
    if (beside === undefined) return { what, measured: show(ours), ...judge(row, middle(ours)) }
    const theirs = costsOf(beside)
    // Round by round, so that both halves of a quotient come from the same second.
    const quotients = ours.map((cost, round) => cost / (theirs[round] ?? NaN))
    const costs = best ? middle(ours) / middle(theirs) : middle(quotients)
    const ratio = unit.isRate === true ? 1 / costs : costs
    return { what, measured: show(ours), beside: show(theirs), ratio: `${ratio.toFixed(2)}×`, ...judge(row, ratio) }
  })
}

/** Nothing reaches a goal with NaN. */
function judge<World>(
  { goal, beside, unit = duration }: Row<World>,
  figure: number,
): Pick<MeasuredRow, 'goal' | 'met'> {
  if (goal === undefined) return {}
  if (beside === undefined) return { goal: `≤ ${unit.show(goal)}`, met: figure <= goal }
  return unit.isRate === true
    ? { goal: `≥ ${goal}×`, met: figure >= goal }
    : { goal: `≤ ${goal}×`, met: figure <= goal }
}
