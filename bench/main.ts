// Runs the benchmark: `npm run bench`, or `npm run bench -- mint http` for some of its pieces, `--quick` for a smoke run.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import { cli } from './cli.ts'
import { guard } from './guard.ts'
import { holds, holdsPostgres } from './holds.ts'
import { http } from './http.ts'
import { machines } from './machines.ts'
import { make } from './make.ts'
import { memory } from './memory.ts'
import { million, millions } from './million.ts'
import { mint } from './mint.ts'
import { countGoals, describeMachine, formatPiece, formatPage } from './report.ts'
import { failPiece, measurePiece, type MeasuredGroup, type Piece } from './row.ts'
import { createRuns } from './run.ts'
import { peers } from './peers/peers.ts'
import { postgres } from './postgres.ts'
import { sidecar } from './sidecar.ts'
import { start } from './start.ts'
import { verify } from './verify.ts'

type Runs = ReturnType<typeof createRuns>

/** Hides the type of the world, which differs from piece to piece. */
const measuring =
  <World>(piece: Piece<World>) =>
  async ({ runOne }: Runs): Promise<readonly MeasuredGroup[]> => {
    try {
      return await runOne((run) => measurePiece(piece, run))
    } catch (error) {
      process.exitCode = 1
      say(error instanceof Error ? String(error.stack) : String(error))
      const [why = ''] = String(error).split('\n')
      return failPiece(piece, why)
    }
  }

const pieces: Readonly<Record<string, (runs: Runs) => Promise<readonly MeasuredGroup[]>>> = {
  verify: measuring(verify),
  guard: measuring(guard),
  sidecar: measuring(sidecar),
  make: measuring(make),
  mint: measuring(mint),
  http: measuring(http),
  holds: measuring(holds),
  'holds-postgres': measuring(holdsPostgres),
  million: measuring(million),
  millions: measuring(millions),
  start: measuring(start),
  cli: measuring(cli),
  memory: measuring(memory),
  machines: measuring(machines),
  postgres: measuring(postgres),
  peers: measuring(peers),
}
/** Pieces that only run by name, because they take long; each writes a page of its own. */
const apart: Readonly<Record<string, string>> = { millions: 'millions.md', peers: 'peers/results.md' }

const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean' } } })
const unknown = positionals.filter((name) => !Object.hasOwn(pieces, name))
if (unknown.length > 0) {
  say(`There is no piece ${unknown.join(', ')}; there are ${Object.keys(pieces).join(', ')}.`)
  process.exit(2)
}

const machine = describeMachine(new Date())
const runs = createRuns(values.quick === true, say)
const results: Record<string, readonly MeasuredGroup[]> = {}
const whole = Object.keys(pieces).filter((name) => !Object.hasOwn(apart, name))
const started = performance.now()
for (const name of positionals.length > 0 ? positionals : whole) {
  say(`${name} …`)
  const groups = (await pieces[name]?.(runs)) ?? []
  results[name] = groups
  process.stdout.write(formatPiece(name, groups))
}
runs.clear()
const { goals, met } = countGoals(Object.values(results).flat())
say(`${met} of ${goals} goals are met.`)
// A part of the benchmark, or a smoke run, must not replace the results of the whole.
const [only = ''] = Object.keys(results)
if (values.quick === true) say('A smoke run writes no page.')
else if (positionals.length === 0) write('results.md', 'npm run bench')
else if (positionals.length === 1 && apart[only] !== undefined) write(apart[only], `npm run bench -- ${only}`)

function write(page: string, command: string): void {
  const seconds = (performance.now() - started) / 1000
  writeFileSync(new URL(page, import.meta.url), formatPage(command, results, machine, seconds))
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
