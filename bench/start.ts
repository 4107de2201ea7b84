// The time from the start of a server's process to its first answer.
import { openAuthority } from '../e2e/open-authority.ts'
import { fillWithMillion } from './fill.ts'
import { builtEntry } from './installation.ts'
import type { Piece, Row } from './row.ts'
import type { Run } from './run.ts'
import { serveWords, sourceEntry, startServer } from './server.ts'

interface World {
  readonly run: Run
  readonly entries: Readonly<Record<'source' | 'built', string>>
  /** Data directories. */
  readonly empty: string
  readonly full: string
  readonly compileCache: string
}

export const start: Piece<World> = {
  groups: [
    {
      note: 'From spawning `hallpass serve` to the first answer of /healthz, from the source and from the built packages. An empty data directory holds one user and one organization. The compile cache of an earlier start is there, except in the first start after an installation.',
      rounds: 5,
      warmUp: 1,
      rows: (['source', 'built'] as const).flatMap((kind): Row<World>[] => [
        { what: `${kind}, an empty data directory`, how: (world) => timeStart(world, kind, 'empty'), goal: 600_000 },
        { what: `${kind}, 1,000,000 tokens`, how: (world) => timeStart(world, kind, 'full'), goal: 600_000 },
        {
          what: `${kind}, never started before`,
          how: (world) => timeStart({ ...world, compileCache: world.run.directory() }, kind, 'empty'),
        },
      ]),
    },
  ],

  async open(run) {
    const empty = run.directory()
    await (await openAuthority(empty)).close()
    const { directory: full } = await fillWithMillion(run, 'all')
    const entries = { source: sourceEntry, built: builtEntry(run) }
    return { run, entries, empty, full, compileCache: run.directory() }
  },
}

/** Microseconds. */
async function timeStart(world: World, kind: 'source' | 'built', data: 'empty' | 'full'): Promise<number> {
  const started = performance.now()
  const words = [world.entries[kind], ...serveWords(world[data])]
  const server = await startServer(world.run, words, { NODE_COMPILE_CACHE: world.compileCache })
  const answer = await fetch(`${server.url}/healthz`)
  const elapsed = (performance.now() - started) * 1000
  if (answer.status !== 200) throw new Error(`/healthz answered ${answer.status}`)
  await answer.text()
  await server.stop()
  return elapsed
}
