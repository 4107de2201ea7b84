// A page, a read and a mint with a million tokens in the store, compared with a thousand.
import { listOrganisationTokens, usualListing } from '../packages/authority/src/operations/tokens/list-tokens.ts'
import { mintToken } from '../packages/authority/src/operations/tokens/mint-token.ts'
import { revokeToken } from '../packages/authority/src/operations/tokens/revoke-token.ts'
import { showApp } from '../packages/authority/src/operations/apps/show-app.ts'
import { openAuthority, orgToken, type OpenAuthority } from './authority.ts'
import type { Filled } from './fill.ts'
import { interleave, timeEach } from './measure.ts'
import type { Piece } from './piece.ts'
import { compareCost, duration, type Row } from './rows.ts'

export const million: Piece = async ({ quick, fills }) => {
  const tokens = millionOf(quick)
  const few = await open(await fills.get({ tokens: 1000, live: 1000 }))
  const live = await open(await fills.get({ tokens, live: tokens }))
  const dead = await open(await fills.get({ tokens, live: 1000 }))

  const scenes = [few, live, dead]
  await Promise.all(scenes.map(settle))

  // Each measurement has its own rounds: the first flush after a pause takes longer than the next.
  async function measure(deed: (scene: Scene) => Promise<number>) {
    return interleave(
      { few: () => deed(few), live: () => deed(live), dead: () => deed(dead) },
      quick ? { rounds: 15, warmUp: 3 } : { rounds: 60, warmUp: 8 },
    )
  }
  const page = await measure(readPages)
  const read = await measure(readApps)
  const minted = await measure((scene) => mintTokens(scene, 20))
  for (const { authority } of scenes) await authority.close()

  const many = tokens.toLocaleString('en-GB')
  return [
    row(`a page among ${many} live`, meanings.page, page.live, page.few),
    row(`a page of 1,000 live among ${many}`, meanings.page, page.dead, page.few),
    row(`a read among ${many} live`, meanings.read, read.live, read.few),
    row(`a read, 1,000 live among ${many}`, meanings.read, read.dead, read.few),
    row(`a mint among ${many} live`, meanings.mint, minted.live, minted.few),
    row(`a mint, 1,000 live among ${many}`, meanings.mint, minted.dead, minted.few),
  ]
}

/** The number of tokens that stands for a million. */
export function millionOf(quick: boolean): number {
  return quick ? 100_000 : 1_000_000
}

const atMost = 1.2

const meanings = {
  page: 'The first page (100) of the live tokens of an organisation, authenticated and performed; beside the same with 1,000 tokens, all live. Of those that are not live, half are revoked and half expired.',
  read: 'GET of an app, authenticated and performed, with up to 8,192 tokens in turn whose rows are spread over the table, none of them twice between two revocations, each of which makes the store forget its tokens; beside the same with 1,000 tokens.',
  mint: 'One durable mint, authenticated and performed; beside the same with 1,000 tokens.',
}

interface Scene {
  readonly authority: OpenAuthority
  readonly filled: Filled
  tokensRead: number
}

async function open(filled: Filled): Promise<Scene> {
  return { authority: await openAuthority(filled.directory), filled, tokensRead: 0 }
}

/**
 * Until the write-ahead log has been checkpointed once, because a growing file takes longer to flush. Also verifies all
 * tokens.
 */
async function settle({ authority: { ask, authenticate, userHeader }, filled }: Scene): Promise<void> {
  await Promise.all(Array.from({ length: 1000 }, () => ask(userHeader, mintToken, orgToken)))
  for (const header of filled.tokenHeaders) await authenticate(header)
}

/** The default listing of an organisation's live tokens. */
const firstPage = { ...usualListing, limit: 100, after: undefined } as const

function readPages({ authority: { ask, userHeader, organisation } }: Scene): Promise<number> {
  const input = { ...firstPage, slug: organisation.slug }
  return timeEach(10, async () => {
    const page = await ask(userHeader, listOrganisationTokens, input)
    if (page.items.length !== 100) throw new Error(`a page of ${page.items.length} tokens`)
  })
}

/** Each token at most once after a revocation, which drops the tokens from the store's cache. */
async function readApps(scene: Scene): Promise<number> {
  const { authority, filled } = scene
  const { appName, tokenHeaders } = filled
  const { record } = await authority.ask(authority.userHeader, mintToken, orgToken)
  await authority.ask(authority.userHeader, revokeToken, { id: record.id, descendants: 'revoke' })
  return timeEach(500, () => {
    const header = tokenHeaders[scene.tokensRead++ % tokenHeaders.length] ?? ''
    return authority.ask(header, showApp, { name: appName })
  })
}

function mintTokens({ authority: { ask, userHeader } }: Scene, count: number): Promise<number> {
  return timeEach(count, () => ask(userHeader, mintToken, orgToken))
}

function row(name: string, meaning: string, ours: readonly number[], beside: readonly number[]): Row {
  return compareCost({ name, meaning, ours, beside, show: duration }, atMost)
}
