// Whole runs of the command, beside a run of Node that does nothing.
import { once } from 'node:events'

import { furnish } from '../e2e/open-authority.ts'
import { builtEntry } from './installation.ts'
import type { Piece } from './row.ts'
import type { Run } from './run.ts'
import { sourceEntry, startAuthority } from './server.ts'

interface World {
  readonly run: Run
  readonly built: string
  readonly environment: NodeJS.ProcessEnv
}

const help = ['tokens', 'create', 'org', '-h']
const list = ['orgs', 'list']
const source = (words: readonly string[]) => (world: World) => time(world, [sourceEntry, ...words])
const built = (words: readonly string[]) => (world: World) => time(world, [world.built, ...words])
const nothing = ({ run }: World) => time({ run, environment: {} }, ['-e', '0'])

export const cli: Piece<World> = {
  groups: [
    {
      note: 'The whole process, from the built packages and from the source, with the compile cache of an earlier run. Help is `hallpass tokens create org -h`, a request is `hallpass orgs list`. Beside: `node -e 0` of the same Node.',
      rounds: 12,
      warmUp: 2,
      rows: [
        { what: 'help, built', how: built(help), beside: nothing, goal: 2 },
        { what: 'help, source', how: source(help), beside: nothing },
        { what: 'a request, built', how: built(list), beside: nothing, goal: 2.5 },
        { what: 'a request, source', how: source(list), beside: nothing },
      ],
    },
  ],

  async open(run) {
    const data = run.directory()
    const { userHeader } = await furnish(data, { apps: 0, tokens: 0 })
    const { url } = await startAuthority(run, data)
    const session = { HALLPASS_API_URL: url, HALLPASS_API_TOKEN: userHeader }
    return { run, built: builtEntry(run), environment: { ...session, NODE_COMPILE_CACHE: run.directory() } }
  },
}

/** Microseconds of the process. */
async function time({ run, environment }: Omit<World, 'built'>, argv: readonly string[]): Promise<number> {
  const started = performance.now()
  const child = run.spawnNode(argv, environment)
  let said = ''
  child.stdout?.resume()
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const [status] = (await once(child, 'close')) as [number | null]
  const elapsed = (performance.now() - started) * 1000
  if (status !== 0) throw new Error(`the command ended with ${status}: ${said}`)
  return elapsed
}
