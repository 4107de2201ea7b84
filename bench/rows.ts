// One row of the results: a figure, what it is compared with, and whether it meets its goal.
import { bestTenth, median, medianQuotient } from './measure.ts'

export interface Row {
  readonly name: string
  /** What is compared with what, in a sentence. */
  readonly meaning: string
  /** The median and the best tenth, as text. */
  readonly measured: string
  readonly beside?: string
  readonly ratio?: number
  readonly verdict?: Verdict
}

interface Verdict {
  readonly goal: string
  readonly met: boolean
}

/** How to show the ratio of two costs: as throughput (more is better) or as cost (less is better). */
interface Comparison {
  readonly name: string
  readonly meaning: string
  /** The cost of ours, round by round. */
  readonly ours: readonly number[]
  /** The cost of the other, in the same rounds. */
  readonly beside: readonly number[]
  readonly show: (cost: number) => string
}

export function compareThroughput(comparison: Comparison, atLeast?: number): Row {
  const ratio = medianQuotient(comparison.beside, comparison.ours)
  return {
    ...describe(comparison, ratio),
    ...(atLeast === undefined ? {} : { verdict: { goal: `≥ ${atLeast}×`, met: ratio >= atLeast } }),
  }
}

export function compareCost(comparison: Comparison, atMost?: number): Row {
  const ratio = medianQuotient(comparison.ours, comparison.beside)
  return {
    ...describe(comparison, ratio),
    ...(atMost === undefined ? {} : { verdict: { goal: `≤ ${atMost}×`, met: ratio <= atMost } }),
  }
}

/** The median and the best tenth as text. */
export function showSamples(samples: readonly number[], show: (cost: number) => string): string {
  return `${show(median(samples))} (${show(bestTenth(samples))})`
}

/** Converts microseconds for one to a number a second. */
export function perSecond(microseconds: number): string {
  return `${Math.round(1e6 / microseconds).toLocaleString('en-GB')}/s`
}

export function duration(microseconds: number): string {
  if (microseconds < 1000) return `${microseconds.toFixed(microseconds < 10 ? 2 : 1)} µs`
  return microseconds < 1e6 ? `${(microseconds / 1000).toFixed(1)} ms` : `${(microseconds / 1e6).toFixed(2)} s`
}

function describe({ name, meaning, ours, beside, show }: Comparison, ratio: number): Row {
  return { name, meaning, measured: showSamples(ours, show), beside: showSamples(beside, show), ratio }
}
