// Runs the benchmark: `npm run bench`, or `npm run bench -- mint http` for some of its pieces, `--quick` for a smoke run.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import { cli } from './cli.ts'
import { createFills } from './fill.ts'
import { holds, holdsPostgres } from './holds.ts'
import { http } from './http.ts'
import { installBuilt } from './installation.ts'
import { describeMachine } from './machine.ts'
import { million } from './million.ts'
import { mint } from './mint.ts'
import type { Piece, Run } from './piece.ts'
import { countGoals, formatPage, formatTable, type PieceResult } from './report.ts'
import { start } from './start.ts'
import { verify } from './verify.ts'
import { createWorkspace } from './workspace.ts'

const pieces: Readonly<Record<string, Piece>> = {
  verify,
  mint,
  http,
  holds,
  'holds-postgres': holdsPostgres,
  million,
  start,
  cli,
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean' } } })
const unknown = positionals.filter((name) => !Object.hasOwn(pieces, name))
if (unknown.length > 0) {
  say(`There is no piece ${unknown.join(', ')}; there are ${Object.keys(pieces).join(', ')}.`)
  process.exit(2)
}
await runPieces(positionals.length === 0 ? Object.keys(pieces) : positionals, values.quick === true)

async function runPieces(names: readonly string[], quick: boolean): Promise<void> {
  const machine = describeMachine()
  const workspace = createWorkspace()
  const results: PieceResult[] = []
  try {
    let built: string | undefined
    const run: Run = {
      quick,
      workspace,
      fills: createFills(workspace, say),
      builtEntry: () => (built ??= installBuilt(workspace)),
    }
    for (const name of names) {
      say(`${name} …`)
      results.push(await runPiece(name, run))
    }
  } finally {
    workspace.clear()
  }
  process.stdout.write(`${formatTable(results)}\n`)
  const { goals, met } = countGoals(results)
  say(`${met} of ${goals} goals are met.`)
  // A part of the benchmark, or a smoke run, must not replace the results of the whole.
  if (quick || names.length < Object.keys(pieces).length) return
  writeFileSync(new URL('results.md', import.meta.url), formatPage(results, machine, new Date()))
}

/** A piece that fails is reported with its reason, counts as a missed goal, and the others continue. */
async function runPiece(piece: string, run: Run): Promise<PieceResult> {
  const started = performance.now()
  const rows = await pieces[piece]?.(run).catch((error: unknown) => {
    process.exitCode = 1
    say(error instanceof Error ? String(error.stack) : String(error))
    const [why = ''] = String(error).split('\n')
    return [{ name: 'all', meaning: why, measured: 'FAILED', verdict: { goal: 'that it runs', met: false } }]
  })
  // Children that a failed piece left running would slow the next one down.
  run.workspace.endChildren()
  return { piece, seconds: (performance.now() - started) / 1000, rows: rows ?? [] }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
