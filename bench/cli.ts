// A whole run of the command that only prints help, beside a whole run of Node that does nothing.
import { spawnSync } from 'node:child_process'

import { sourceEntry } from './installation.ts'
import { interleave } from './measure.ts'
import type { Piece } from './piece.ts'
import { compareCost, duration, type Row } from './rows.ts'

export const cli: Piece = async ({ quick, workspace, builtEntry }) => {
  const built = builtEntry()
  const environment = { ...process.env, NODE_COMPILE_CACHE: workspace.directory() }
  const nothing = () => timeNode(['-e', '0'], process.env)
  const source = () => timeNode([sourceEntry, ...help], environment)
  const variants: Record<string, () => number> =
    built === undefined
      ? { nothing, source }
      : { nothing, source, built: () => timeNode([built, ...help], environment) }
  const measured = await interleave(variants, quick ? { rounds: 7, warmUp: 2 } : { rounds: 41, warmUp: 3 })
  return [row('built', measured, 2), row('source', measured)]
}

function row(name: string, measured: Readonly<Record<string, readonly number[]>>, atMost?: number): Row {
  const { [name]: ours, nothing: beside } = measured
  if (ours === undefined || beside === undefined) return { name, meaning, measured: 'not built' }
  return compareCost({ name, meaning, ours, beside, show: duration }, atMost)
}

const help = ['tokens', 'create', 'org', '-h']

const meaning =
  '`hallpass tokens create org -h`, the whole process, with the compile cache of an earlier run; beside `node -e 0`, the same Node.'

function timeNode(argv: readonly string[], environment: NodeJS.ProcessEnv): number {
  const started = performance.now()
  const { status } = spawnSync(process.execPath, argv, { env: environment, stdio: 'ignore' })
  const elapsed = (performance.now() - started) * 1000
  if (status !== 0) throw new Error(`the command ended with ${status}`)
  return elapsed
}
