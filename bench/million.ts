// A page, a read, a mint and a revocation with very many tokens in the store, beside a thousand.
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
import type { Run } from './run.ts'

interface Scene {
  readonly authority: OpenAuthority
  readonly filled: Filled
  tokensRead: number
}

/** What it is, its note, and the microseconds of one. */
type Kind = readonly [what: string, note: string, time: (scene: Scene) => Promise<number>]

const kinds: readonly Kind[] = [
  [
    'a page',
    'The first page (100) of the live tokens of an organisation, authenticated and performed; beside the same with 1,000 tokens, all live. Of the tokens that are not live, half are revoked and half expired.',
    readPages,
  ],
  [
    'a read',
    'GET of an app, authenticated and performed, with up to 8,192 tokens in turn, whose rows are spread over the table. A token is revoked before each round, and the others stay remembered. Beside the same with 1,000 tokens.',
    readApps,
  ],
  [
    'a mint',
    'One durable mint, authenticated and performed; beside the same with 1,000 tokens.',
    ({ authority }) => timeMints(authority, 20),
  ],
  [
    'a revocation',
    'One durable revocation of a token that was just minted, authenticated and performed; beside the same with 1,000 tokens.',
    revokeTokens,
  ],
]

/** A thousand tokens; very many that are live; very many of which a thousand are. */
type World = Readonly<Record<'few' | 'live', Scene>> & { readonly dead?: Scene }

export const million: Piece<World> = {
  groups: kinds.slice(0, 3).map((kind) => group(kind, '1,000,000', true)),
  open: async (run) => ({
    ...(await openWorld(run, await fillWithMillion(run, 'all'))),
    dead: await open(run, await fillWithMillion(run, 'few')),
  }),
}

/** Not in the whole run: its store is filled for a quarter of an hour. */
export const millions: Piece<World> = {
  groups: kinds.map((kind) => group(kind, '13,000,000', false)),
  open: async (run) =>
    openWorld(run, await (run.quick ? fill(run, 100_000, 100_000) : fill(run, 13_000_000, 13_000_000))),
}

async function openWorld(run: Run, many: Filled): Promise<World> {
  return { few: await open(run, await fill(run, 1000, 1000)), live: await open(run, many) }
}

async function open(run: Run, filled: Filled): Promise<Scene> {
  const authority = await openAuthority(filled.directory)
  run.stack.defer(() => authority.close())
  // Until the write-ahead log has been checkpointed once: a growing file takes longer to flush.
  await Promise.all(Array.from({ length: 1000 }, () => authority.ask(authority.userHeader, mintToken, orgToken)))
  for (const header of filled.tokenHeaders) await authority.authenticate(header)
  return { authority, filled, tokensRead: 0 }
}

/** Rounds of its own for each: the first flush after a pause takes longer than the next. */
function group([what, note, time]: Kind, many: string, withDead: boolean): Group<World> {
  const few = ({ few }: World) => time(few)
  const dead = ({ dead }: World) => (dead === undefined ? NaN : time(dead))
  return {
    note,
    rounds: 30,
    warmUp: 6,
    rows: [
      { what: `${what} among ${many} live`, how: ({ live }) => time(live), beside: few, goal: 1.2 },
      ...(withDead ? [{ what: `${what}, 1,000 live among ${many}`, how: dead, beside: few, goal: 1.2 }] : []),
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

/** Their minting is not counted in. */
async function revokeTokens({ authority: { ask, userHeader } }: Scene): Promise<number> {
  const minted = await Promise.all(Array.from({ length: 20 }, () => ask(userHeader, mintToken, orgToken)))
  return timeEach(20, (index) =>
    ask(userHeader, revokeToken, { id: minted[index]?.record.id ?? '', descendants: 'revoke' }),
  )
}
