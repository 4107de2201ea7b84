// Verifies tokens from header to decision, cold and cached, compared with Go's superfly/macaroon.
import {
  clear,
  clearBundle,
  expiration,
  parseBundle,
  verify as verifyMacaroon,
  verifyBundle,
  type VerifiedMacaroon,
} from '@hallpass/macaroon'

import { VerificationCache } from '../packages/authority/src/operations/perform/verification-cache.ts'
import { mintToken } from '../packages/authority/src/operations/tokens/mint-token.ts'
import { location, openAuthority, orgToken } from './authority.ts'
import { interleave, timeEach, timeEachSync, type Round } from './measure.ts'
import type { Piece } from './piece.ts'
import { compareCost, duration } from './rows.ts'
import { startGo } from './verify-go.ts'
import { packageSize } from './verify-size.ts'
import { makeTokens, tokensOfAKind, type TokenKind, type Tokens } from './verify-tokens.ts'

export const verify: Piece = async ({ quick, workspace }) => {
  const tokens = makeTokens()
  const go = await startGo(workspace, tokens)
  const authority = await openAuthority(workspace.directory())
  const { token, organisation } = await authority.ask(authority.userHeader, mintToken, orgToken)
  const minted = token.reveal()
  const rounds: Record<string, Round<number>> = {
    hot: timeHot(tokens),
    cached: () =>
      timeEach(count, async () => {
        const { tokens: presented } = await authority.authenticate(minted)
        const access = { ...tokens.access, appId: undefined, orgId: BigInt(organisation.id), now: Date.now() / 1000 }
        expectAllowed(presented[0] !== undefined && clear(presented[0].verified, [access]).allowed)
      }),
  }
  for (const [number, kind] of tokens.kinds.entries()) {
    rounds[`cold ${kind.name}`] = () => timeEachSync(count, (i) => decide(kind, i, tokens))
    rounds[`go ${kind.name}`] = () => go.time(number, count)
  }
  const measured = await interleave(rounds, quick ? { rounds: 10, warmUp: 5 } : { rounds: 60, warmUp: 20 })
  await authority.close()
  go.stop()
  const samples = (name: string) => measured[name] ?? []
  return [
    ...tokens.kinds.map(({ name }) => {
      const [ours, beside] = [samples(`cold ${name}`), samples(`go ${name}`)]
      return compareCost({ name: `cold, ${name}`, meaning: meanings.cold, ours, beside, show: duration }, goals[name])
    }),
    ...(['hot', 'cached'] as const).map((name) => {
      const [ours, beside] = [samples(name), samples(`go ${usual}`)]
      return compareCost({ name, meaning: meanings[name], ours, beside, show: duration }, goals[name])
    }),
    await packageSize(),
  ]
}

/** The runs in a round of quick work: enough that each variant's garbage is collected within its round. */
const count = 1024

const usual = '3 caveats'

/** The largest share of Go's time that we may take. */
const goals: Readonly<Record<string, number>> = {
  '1 caveat': 0.33,
  '3 caveats': 0.33,
  '6 caveats': 0.33,
  '12 caveats': 0.33,
  '3 caveats, 1 discharge': 0.4,
  '3 caveats, 2 discharges': 0.4,
  hot: 0.04,
}

const meanings = {
  cold: 'parseBundle, verifyBundle and clearBundle of @hallpass/macaroon: from the header to the decision; beside Parse, Decode, Verify and Validate of superfly/macaroon in Go on the same tokens, in a process of its own that takes its turn (with discharges FindPermissionAndDischargeTokens and VerifyParsed).',
  hot: 'The string of a header of 3 caveats, made anew, looked up in the SIEVE cache of the authority, not ended yet, and cleared with the time of day; beside the cold verification in Go.',
  cached:
    'An org token of the authority through its `authenticate`, which remembers what it verified, and cleared; beside the same.',
} as const

/** Every request makes a new string, whose hash is not computed yet. */
function timeHot(tokens: Tokens): Round<number> {
  const kind = tokens.kinds.find(({ name }) => name === usual)
  if (kind === undefined) throw new Error(`there are no tokens of ${usual}`)
  const hot = rememberAll(kind, tokens)
  const asSent = kind.headers.map((header) => Buffer.from(header, 'latin1'))
  return () =>
    timeEachSync(count, (i) => {
      const remembered = hot.get(asSent[i % tokensOfAKind]?.toString('latin1') ?? '')
      const now = Date.now()
      if (remembered === undefined || now >= remembered.endsAt) throw new Error('a token was forgotten')
      expectAllowed(clear(remembered.verified, [{ ...tokens.access, now: now / 1000 }]).allowed)
    })
}

function decide({ headers }: TokenKind, i: number, { key, access }: Tokens): void {
  const verified = verifyBundle(parseBundle(headers[i % tokensOfAKind] ?? '', { location }), () => key)
  expectAllowed(clearBundle(verified, [access]).allowed)
}

/** The cache of the authority, so full that it must drop entries. */
function rememberAll({ headers, macaroons }: TokenKind, { key }: Tokens): VerificationCache<Remembered> {
  const cache = new VerificationCache<Remembered>(tokensOfAKind)
  for (const header of ['one', 'two', ...headers]) {
    const macaroon = macaroons[Math.max(headers.indexOf(header), 0)]
    if (macaroon === undefined) continue
    const verified = verifyMacaroon(macaroon, key)
    cache.set(header, { verified, endsAt: Number(expiration(verified.caveats)) * 1000 }, 1)
  }
  return cache
}

interface Remembered {
  readonly verified: VerifiedMacaroon
  /** Milliseconds of Unix time. */
  readonly endsAt: number
}

function expectAllowed(allowed: boolean): void {
  if (!allowed) throw new Error('a token was refused')
}
