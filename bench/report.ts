// Writes results as Markdown, for the terminal and for results.md.
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'

import type { MeasuredGroup, MeasuredRow } from './row.ts'

/** The machine of a run, as far as the figures depend on it. */
export function describeMachine(date: Date): string {
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`
  const load = (loadavg()[0] ?? NaN).toFixed(1)
  return [
    `- Date: ${date.toISOString().slice(0, 10)}`,
    `- Processor: ${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores, ${memory} memory, load ${load} at the start`,
    `- System: ${type()} ${release()}, Node.js ${process.version}`,
  ].join('\n')
}

/** The whole page, of a run of this command. */
export function formatPage(
  command: string,
  results: Readonly<Record<string, readonly MeasuredGroup[]>>,
  machine: string,
  seconds: number,
): string {
  const { goals, met } = countGoals(Object.values(results).flat())
  return `# Measured

\`${command}\` writes this page.

${machine}
- The whole run: ${Math.round(seconds)} s
- Goals: ${met} of ${goals} are met

A figure is the median of all rounds. The figure in brackets is what the best tenth of the rounds reached: what a quiet
machine gives. Within a group the rows take turns, round by round, and a ratio is the median of the ratios of all rounds: so
other load on the machine disturbs both sides alike. Do not divide figures of different groups or of different runs.

${Object.entries(results)
  .map(([name, groups]) => formatPiece(name, groups))
  .join('\n')}`
}

/** A piece with its notes and tables. */
export function formatPiece(name: string, groups: readonly MeasuredGroup[]): string {
  return (
    [`## ${name}`, ...groups.flatMap(({ note, rows }) => [note, formatTable(rows)]), ''].join('\n\n').trimEnd() + '\n'
  )
}

/** How many goals there are, and how many are met. */
export function countGoals(groups: readonly MeasuredGroup[]): { readonly goals: number; readonly met: number } {
  const judged = groups.flatMap(({ rows }) => rows.flatMap(({ met }) => met ?? []))
  return { goals: judged.length, met: judged.filter(Boolean).length }
}

/** A column that is empty in every row is left out. */
function formatTable(rows: readonly MeasuredRow[]): string {
  const columns = (['what', 'measured', 'beside', 'ratio', 'goal', 'met'] as const).filter((column) =>
    rows.some((row) => row[column] !== undefined),
  )
  const cells = rows.map((row) =>
    columns.map((column) => {
      const value = row[column]
      return typeof value === 'boolean' ? (value ? 'met' : 'MISSED') : (value ?? '–')
    }),
  )
  const widths = columns.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n')
}
