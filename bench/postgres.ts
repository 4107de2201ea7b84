// How often the authority speaks to PostgreSQL and waits, for a read and for a mint.
import {
  appDraft,
  mintToken,
  openAuthority,
  orgToken,
  showApp,
  startPostgres,
  startProxy,
  createApp,
} from '../e2e/open-authority.ts'
import type { Piece, Unit } from './row.ts'

interface World {
  /** Round trips for one. */
  readonly read: () => Promise<number>
  readonly mint: () => Promise<number>
}

const unit: Unit = { show: (turns) => turns.toFixed(1) }

export const postgres: Piece<World> = {
  groups: [
    {
      note: 'Round trips to PostgreSQL, counted between the two: of a GET of an app with an org token that was seen before, and of a mint; one after the other.',
      rounds: 3,
      warmUp: 1,
      rows: [
        { what: 'round trips of a read', how: ({ read }) => read(), unit, goal: 1 },
        { what: 'round trips of a mint', how: ({ mint }) => mint(), unit, goal: 3 },
      ],
    },
  ],

  async open(run) {
    const server = await startPostgres()
    run.stack.defer(() => server.stop())
    const proxy = await startProxy(server)
    run.stack.defer(() => proxy.stop())
    const authority = await openAuthority(run.directory(), proxy.url)
    run.stack.defer(() => authority.close())
    const { ask, userHeader } = authority
    await ask(userHeader, createApp, { ...appDraft, name: 'web-1' })
    const header = (await ask(userHeader, mintToken, orgToken)).token.reveal()
    const count = async (deed: () => Promise<unknown>) => {
      const before = proxy.turns()
      for (let done = 0; done < 20; done++) await deed()
      return (proxy.turns() - before) / 20
    }
    return {
      read: () => count(() => ask(header, showApp, { name: 'web-1' })),
      mint: () => count(() => ask(userHeader, mintToken, orgToken)),
    }
  },
}
