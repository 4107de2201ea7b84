// A whole run of the command that only prints help, compared with a run of Node that does nothing.
import { spawnSync } from 'node:child_process'

import { sourceEntry } from './installation.ts'
import { interleave } from './measure.ts'
import type { Piece } from './piece.ts'
import { compareCost, duration } from './rows.ts'

export const cli: Piece = async ({ quick, workspace, builtEntry }) => {
  const built = builtEntry()
  const environment = { ...process.env, NODE_COMPILE_CACHE: workspace.directory() }
  const nothing = () => timeNode(['-e', '0'], process.env)
  const source = () => timeNode([sourceEntry, ...help], environment)
  const measured = await interleave(
    { nothing, source, built: () => timeNode([built, ...help], environment) },
    quick ? { rounds: 7, warmUp: 2 } : { rounds: 41, warmUp: 3 },
  )
  const beside = { meaning, beside: measured.nothing, show: duration }
  return [
    compareCost({ ...beside, name: 'built', ours: measured.built }, 2),
    compareCost({ ...beside, name: 'source', ours: measured.source }),
  ]
}

const help = ['tokens', 'create', 'org', '-h']

const meaning =
  '`hallpass tokens create org -h`, the whole process, with the compile cache of an earlier run; beside `node -e 0`, the same Node.'

function timeNode(argv: readonly string[], environment: NodeJS.ProcessEnv): number {
  const started = performance.now()
  const { status, stderr } = spawnSync(process.execPath, argv, { env: environment, encoding: 'utf8' })
  const elapsed = (performance.now() - started) * 1000
  if (status !== 0) throw new Error(`the command ended with ${status}: ${stderr}`)
  return elapsed
}
