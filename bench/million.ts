// A page, a read and a mint with a million tokens in the store, beside a thousand.
import {
  listOrganisationTokens,
  mintToken,
  openAuthority,
  orgToken,
  revokeToken,
  showApp,
  usualListing,
  type OpenAuthority,
} from '../e2e/open-authority.ts'
import { fill, fillWithMillion, type Filled } from './fill.ts'
import { timeEach } from './measure.ts'
import { timeMints } from './mint.ts'
import type { Group, Piece } from './row.ts'

interface Scene {
  readonly authority: OpenAuthority
  readonly filled: Filled
  tokensRead: number
}

/** A thousand tokens; a million that are live; a million of which a thousand are. */
type World = Readonly<Record<'few' | 'live' | 'dead', Scene>>

export const million: Piece<World> = {
  groups: [
    group(
      'a page',
      'The first page (100) of the live tokens of an organisation, authenticated and performed; beside the same with 1,000 tokens, all live. Of the tokens that are not live, half are revoked and half expired.',
      readPages,
    ),
    group(
      'a read',
      'GET of an app, authenticated and performed, with up to 8,192 tokens in turn, whose rows are spread over the table. A token is revoked before each round, and the others stay remembered. Beside the same with 1,000 tokens.',
      readApps,
    ),
    group(
      'a mint',
      'One durable mint, authenticated and performed; beside the same with 1,000 tokens.',
      ({ authority }) => timeMints(authority, 20),
    ),
  ],

  async open(run) {
    const open = async (filled: Filled): Promise<Scene> => {
      const authority = await openAuthority(filled.directory)
      run.stack.defer(() => authority.close())
      // Until the write-ahead log has been checkpointed once: a growing file takes longer to flush.
      await Promise.all(Array.from({ length: 1000 }, () => authority.ask(authority.userHeader, mintToken, orgToken)))
      for (const header of filled.tokenHeaders) await authority.authenticate(header)
      return { authority, filled, tokensRead: 0 }
    }
    return {
      few: await open(await fill(run, 1000, 1000)),
      live: await open(await fillWithMillion(run, 'all')),
      dead: await open(await fillWithMillion(run, 'few')),
    }
  },
}

/** Rounds of its own for each: the first flush after a pause takes longer than the next. */
function group(what: string, note: string, time: (scene: Scene) => Promise<number>): Group<World> {
  const few = ({ few }: World) => time(few)
  return {
    note,
    rounds: 60,
    warmUp: 8,
    rows: [
      { what: `${what} among 1,000,000 live`, how: ({ live }) => time(live), beside: few, goal: 1.2 },
      { what: `${what}, 1,000 live among 1,000,000`, how: ({ dead }) => time(dead), beside: few, goal: 1.2 },
    ],
  }
}

function readPages({ authority: { ask, userHeader, organisation } }: Scene): Promise<number> {
  const input = { ...usualListing, limit: 100, after: undefined, slug: organisation.slug }
  return timeEach(10, async () => {
    const page = await ask(userHeader, listOrganisationTokens, input)
    if (page.items.length !== 100) throw new Error(`a page of ${page.items.length} tokens`)
  })
}

async function readApps(scene: Scene): Promise<number> {
  const { ask, userHeader } = scene.authority
  const { appNames, tokenHeaders } = scene.filled
  const { record } = await ask(userHeader, mintToken, orgToken)
  await ask(userHeader, revokeToken, { id: record.id, descendants: 'revoke' })
  return timeEach(500, () => {
    const header = tokenHeaders[scene.tokensRead++ % tokenHeaders.length] ?? ''
    return ask(header, showApp, { name: appNames[0] ?? '' })
  })
}
