// Formats the results as a table for the terminal and as a Markdown page.
import type { Machine } from './machine.ts'
import type { Row } from './rows.ts'

export interface PieceResult {
  readonly piece: string
  /** The duration in seconds. */
  readonly seconds: number
  readonly rows: readonly Row[]
}

/** The rows as columns for a terminal. */
export function formatTable(results: readonly PieceResult[]): string {
  const lines = [columns, ...results.flatMap(({ piece, rows }) => rows.map((row) => [piece, ...cellsOf(row)]))]
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The results as a page, with the meaning of every row. */
export function formatPage(results: readonly PieceResult[], machine: Machine, date: Date): string {
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0)
  return [
    '# Measured',
    '',
    'Made by `npm run bench`; do not edit.',
    '',
    `- Date: ${date.toISOString().slice(0, 10)}`,
    `- Processor: ${machine.processor}, ${machine.cores} cores, ${machine.memory} memory, load ${machine.load} at the start`,
    `- System: ${machine.system}, Node.js ${machine.node}`,
    `- The whole run: ${Math.round(seconds)} s`,
    '',
    'Figures are medians of rounds, and in brackets what the best tenth of the rounds reached: the figure of a quiet machine.',
    'The compared variants take turns within one run, and the ratio is the median of the ratios round by round, so that a noisy',
    'neighbour meets both sides. Figures of different pieces, and of different runs, must not be divided by each other.',
    '',
    ...results.flatMap(formatPiece),
    '',
  ].join('\n')
}

/** The number of goals, and how many are met. */
export function countGoals(results: readonly PieceResult[]): { readonly goals: number; readonly met: number } {
  const verdicts = results.flatMap(({ rows }) => rows.flatMap(({ verdict }) => verdict ?? []))
  return { goals: verdicts.length, met: verdicts.filter(({ met }) => met).length }
}

const columns = ['piece', 'what', 'measured', 'beside', 'ratio', 'goal', 'met']

function cellsOf({ name, measured, beside, ratio, verdict }: Row): string[] {
  return [
    name,
    measured,
    beside ?? '–',
    ratio === undefined ? '–' : `${ratio.toFixed(2)}×`,
    verdict?.goal ?? '–',
    verdict === undefined ? '–' : verdict.met ? 'met' : 'MISSED',
  ]
}

function formatPiece({ piece, rows }: PieceResult): string[] {
  return [
    `## ${piece}`,
    '',
    `| ${columns.slice(1).join(' | ')} |`,
    `|${' --- |'.repeat(columns.length - 1)}`,
    ...rows.map((row) => `| ${cellsOf(row).join(' | ')} |`),
    '',
    ...rows.map(({ name, meaning }) => `- **${name}**: ${meaning}`),
    '',
  ]
}
