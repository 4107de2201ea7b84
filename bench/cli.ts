// Whole runs of the command, compared with a run of Node that does nothing.
import { spawnSync } from 'node:child_process'

import { furnish } from './authority.ts'
import { sourceEntry } from './installation.ts'
import { interleave } from './measure.ts'
import type { Piece } from './piece.ts'
import { compareCost, duration } from './rows.ts'
import { startAuthority } from './server.ts'

export const cli: Piece = async ({ quick, workspace, builtEntry }) => {
  const built = builtEntry()
  const data = workspace.directory()
  const { userHeader } = await furnish(data, { apps: 0, tokens: 0 })
  const server = await startAuthority(workspace, data)
  const environment = {
    ...process.env,
    NODE_COMPILE_CACHE: workspace.directory(),
    HALLPASS_API_URL: server.url,
    HALLPASS_API_TOKEN: userHeader,
  }
  const time = (entry: string, words: readonly string[]) => () => timeNode([entry, ...words], environment)
  const measured = await interleave(
    {
      nothing: () => timeNode(['-e', '0'], process.env),
      'help, built': time(built, help),
      'help, source': time(sourceEntry, help),
      'a request, built': time(built, list),
      'a request, source': time(sourceEntry, list),
    },
    quick ? { rounds: 7, warmUp: 2 } : { rounds: 25, warmUp: 3 },
  )
  await server.stop()
  const row = (name: keyof typeof measured, words: readonly string[], goal?: number) => {
    const meaning = `\`hallpass ${words.join(' ')}\`, ${meant}`
    return compareCost({ name, meaning, ours: measured[name], beside: measured.nothing, show: duration }, goal)
  }
  return [
    row('help, built', help, 2),
    row('help, source', help),
    row('a request, built', list, 2.5),
    row('a request, source', list),
  ]
}

const help = ['tokens', 'create', 'org', '-h']
const list = ['orgs', 'list']

const meant = 'the whole process, with the compile cache of an earlier run; beside `node -e 0`, the same Node.'

function timeNode(argv: readonly string[], environment: NodeJS.ProcessEnv): number {
  const started = performance.now()
  const { status, stderr } = spawnSync(process.execPath, argv, { env: environment, encoding: 'utf8' })
  const elapsed = (performance.now() - started) * 1000
  if (status !== 0) throw new Error(`the command ended with ${status}: ${stderr}`)
  return elapsed
}
