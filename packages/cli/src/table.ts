// Plain tables: upper-case headers, columns padded with spaces.
import { printable } from '@hallpass/client/visible-text'

/** Lines, each ended, with two spaces between the columns; what is in the cells cannot disturb a terminal. */
export function formatTable(headers: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const lines = [headers, ...rows].map((row) => headers.map((_, column) => printable(row[column] ?? '')))
  const widths = headers.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ''))))
  return lines.map((line) => `${formatLine(line, widths)}\n`).join('')
}

function formatLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
    .join('  ')
    .trimEnd()
}

function widthOf(text: string): number {
  return Array.from(text).length
}
