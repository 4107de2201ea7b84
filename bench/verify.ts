// Verifying tokens: from header to decision, cold and cached, beside Go's superfly/macaroon, other libraries and bare HMACs.
import {
  attenuate,
  clear,
  clearBundle,
  decodeMacaroon,
  expiration,
  formatAuthorization,
  parseAuthorization,
  parseBundle,
  verify as verifyMacaroon,
  verifyBundle,
  type VerifiedMacaroon,
} from '@hallpass/macaroon'

import { VerificationCache } from '../packages/authority/src/operations/perform/verification-cache.ts'
import { mintToken } from '../packages/authority/src/operations/tokens/mint-token.ts'
import { defaultKernel } from '../packages/macaroon/src/kernel/default-kernel.ts'
import type { Kernel } from '../packages/macaroon/src/kernel/kernel.ts'
import { Macaroon } from '../packages/macaroon/src/macaroon.ts'
import { typescriptKernel } from '../packages/macaroon/src/kernel/typescript-kernel.ts'
import { location, openAuthority, orgToken } from './authority.ts'
import { interleave, timeEach, timeEachSync, type Round } from './measure.ts'
import type { Piece } from './piece.ts'
import { compareCost, duration, type Row } from './rows.ts'
import { startGo, type GoVerifier } from './verify-go.ts'
import { chainWithNoble, chainWithNode, makeOthers, type Other } from './verify-others.ts'
import { packageSize } from './verify-size.ts'
import {
  caveatsOf,
  makeTokens,
  mint,
  oneMoreCaveat,
  tokensOfAKind,
  type TokenKind,
  type Tokens,
} from './verify-tokens.ts'

export const verify: Piece = async ({ quick, workspace }) => {
  const tokens = makeTokens()
  const go = await startGo(workspace, tokens)
  const others = await makeOthers()
  const authority = await openAuthority(workspace.directory())
  const { token, organisation } = await authority.ask(authority.userHeader, mintToken, orgToken)
  const remembered = token.reveal()

  const measured = await interleave<string, number>(
    {
      ...coldRounds(tokens, go),
      ...otherRounds(tokens, others),
      cached: () =>
        timeEach(count, async () => {
          const { tokens: presented } = await authority.authenticate(remembered)
          const access = { ...tokens.access, appId: undefined, orgId: BigInt(organisation.id), now: Date.now() / 1000 }
          expectAllowed(presented[0] !== undefined && clear(presented[0].verified, [access]).allowed)
        }),
    },
    quick ? { rounds: 10, warmUp: 5 } : { rounds: 80, warmUp: 20 },
  )
  await authority.close()
  go?.stop()
  return [...coldRows(tokens, go, measured), ...otherRows(go, others, measured), await packageSize()]
}

/** Of what is quick, in every round: enough for the garbage of each to be collected within it. */
const count = 1024

type Measured = Readonly<Record<string, readonly number[]>>

/** Per kind of token ours and Go's; and of one kind, ours in other ways. */
function coldRounds(tokens: Tokens, go: GoVerifier | undefined): Record<string, Round<number>> {
  const rounds: Record<string, Round<number>> = {}
  for (const [number, kind] of tokens.kinds.entries()) {
    rounds[`cold ${kind.name}`] = () => timeEachSync(count, (i) => decide(kind, i, tokens))
    if (go !== undefined) rounds[`go ${kind.name}`] = () => go.time(number, count)
  }
  const kind = usualKind(tokens)
  rounds['by steps'] = () => timeEachSync(count, (i) => decideByParts(kind, i, tokens, defaultKernel))
  rounds['in TypeScript'] = () => timeEachSync(count, (i) => decideByParts(kind, i, tokens, typescriptKernel))
  return rounds
}

function otherRounds(tokens: Tokens, others: readonly Other[]): Record<string, Round<number>> {
  const { key, access } = tokens
  const kind = usualKind(tokens)
  const [macaroon] = kind.macaroons
  if (macaroon === undefined) throw new Error('there is no token')
  const hot = rememberAll(kind, tokens)
  const asSent = kind.headers.map((header) => Buffer.from(header, 'latin1'))
  const chain = (kernel: Kernel) => {
    const { bytes } = macaroon
    const { nonceEnd, offsets } = Macaroon.placesOf(macaroon)
    return () => timeEachSync(count, () => kernel.chain(key, bytes, 1, nonceEnd, offsets))
  }
  return {
    // Every request makes a string of its own, whose hash nobody knows yet.
    hot: () =>
      timeEachSync(count, (i) => {
        const remembered = hot.get(asSent[i % tokensOfAKind]?.toString('latin1') ?? '')
        const now = Date.now()
        if (remembered === undefined || now >= remembered.endsAt) throw new Error('a token was forgotten')
        expectAllowed(clear(remembered.verified, [{ ...access, now: now / 1000 }]).allowed)
      }),
    attenuate: () =>
      timeEachSync(count, (i) => {
        const held = decodeMacaroon(
          parseAuthorization(kind.headers[i % tokensOfAKind] ?? '').macaroons[0] ?? new Uint8Array(0),
        )
        return formatAuthorization([attenuate(held, [oneMoreCaveat(access)]).bytes])
      }),
    mint: () => timeEachSync(count, () => formatAuthorization([mint(key, caveatsOf(access, 3)).bytes])),
    'chain, WebAssembly': chain(defaultKernel),
    'chain, TypeScript': chain(typescriptKernel),
    'chain, @noble/hashes': () => timeEachSync(count, () => chainWithNoble(key, kind.links)),
    'chain, node:crypto': () => timeEachSync(count, () => chainWithNode(key, kind.links)),
    ...Object.fromEntries(others.map((other) => [other.name, () => other.time(count / 8)])),
  }
}

function coldRows(tokens: Tokens, go: GoVerifier | undefined, measured: Measured): readonly Row[] {
  const besideGo = go !== undefined
  const rows = tokens.kinds.map(({ name }) =>
    compareCost(
      {
        name: `cold, ${name}`,
        meaning: besideGo ? meanings.cold : `${meanings.alone} There is no Go here to stand beside.`,
        ours: samplesOf(measured, `cold ${name}`),
        beside: samplesOf(measured, besideGo ? `go ${name}` : 'chain, node:crypto'),
        show: duration,
      },
      besideGo ? goals[name] : undefined,
    ),
  )
  const beside = samplesOf(measured, besideGo ? `go ${usual}` : 'chain, node:crypto')
  const others = (['by steps', 'in TypeScript'] as const).map((name) =>
    compareCost({
      name: `cold, ${usual}, ${name}`,
      meaning: meanings[name],
      ours: samplesOf(measured, name),
      beside,
      show: duration,
    }),
  )
  return [...rows, ...others]
}

function otherRows(go: GoVerifier | undefined, others: readonly Other[], measured: Measured): readonly Row[] {
  const besideCold = { beside: samplesOf(measured, `cold ${usual}`), show: duration }
  const besideNode = { beside: samplesOf(measured, 'chain, node:crypto'), show: duration }
  const row = (name: keyof typeof meanings, beside: typeof besideCold) =>
    compareCost({ name, meaning: meanings[name], ours: samplesOf(measured, name), ...beside })
  return [
    go === undefined ? row('hot', besideCold) : hotRow(measured),
    row('cached', besideCold),
    row('attenuate', besideNode),
    row('mint', besideNode),
    row('chain, WebAssembly', besideNode),
    row('chain, TypeScript', besideNode),
    row('chain, @noble/hashes', besideNode),
    ...others.map((other) =>
      compareCost({
        name: `cold, beside ${other.name}`,
        meaning: `Ours, ${usual}; beside ${other.meaning}`,
        ours: samplesOf(measured, `cold ${usual}`),
        beside: samplesOf(measured, other.name),
        show: duration,
      }),
    ),
  ]
}

function hotRow(measured: Measured): Row {
  const beside = samplesOf(measured, `go ${usual}`)
  return compareCost(
    { name: 'hot', meaning: `${meanings.hot} in Go.`, ours: samplesOf(measured, 'hot'), beside, show: duration },
    hotGoal,
  )
}

const usual = '3 caveats'

/** How much of what Go takes we may take. */
const goals: Readonly<Record<string, number>> = {
  '1 caveat': 0.33,
  '3 caveats': 0.33,
  '6 caveats': 0.45,
  '12 caveats': 0.45,
}

const hotGoal = 0.05

const meanings = {
  alone: 'parseBundle, verifyBundle and clearBundle of @hallpass/macaroon: from the header to the decision.',
  cold: 'parseBundle, verifyBundle and clearBundle of @hallpass/macaroon: from the header to the decision; beside Parse, Decode, Verify and Validate of superfly/macaroon in Go on the same tokens, in a process of its own that takes its turn (with discharges FindPermissionAndDischargeTokens and VerifyParsed).',
  'by steps':
    'The same with parseAuthorization, decodeMacaroon, verify and clear, each of which copies what it hands out.',
  'in TypeScript': 'The same with the kernel for places where WebAssembly may not be compiled.',
  hot: 'The string of a header, made anew, looked up in the SIEVE cache of the authority, not ended yet, and cleared with the time of day; beside the cold verification',
  cached:
    'An org token of the authority through its `authenticate`, which remembers what it verified, and cleared; beside the cold verification.',
  attenuate:
    'Read a header, add a caveat and write it again; beside the four bare HMACs of its chain with node:crypto.',
  mint: 'Mint a token of three caveats with fresh randomness and write it; beside the same four HMACs.',
  'chain, WebAssembly':
    'All tails of a token of three caveats, with the kernel in WebAssembly; beside the same with node:crypto.',
  'chain, TypeScript': 'The same with the kernel in TypeScript.',
  'chain, @noble/hashes': 'The same with hmac and sha256 of @noble/hashes.',
} as const

function usualKind(tokens: Tokens): TokenKind {
  const kind = tokens.kinds.find(({ name }) => name === usual)
  if (kind === undefined) throw new Error(`there are no tokens of ${usual}`)
  return kind
}

function samplesOf(measured: Measured, name: string): readonly number[] {
  const samples = measured[name]
  if (samples === undefined) throw new Error(`${name} was not measured`)
  return samples
}

function decide({ headers }: TokenKind, i: number, { key, access }: Tokens): void {
  const verified = verifyBundle(parseBundle(headers[i % tokensOfAKind] ?? '', { location }), () => key)
  expectAllowed(clearBundle(verified, [access]).allowed)
}

function decideByParts({ headers }: TokenKind, i: number, { key, access }: Tokens, kernel: Kernel): void {
  for (const bytes of parseAuthorization(headers[i % tokensOfAKind] ?? '').macaroons) {
    expectAllowed(clear(verifyMacaroon(decodeMacaroon(bytes), key, { kernel }), [access]).allowed)
  }
}

/** The cache of the authority, as full as it is when it has to let go. */
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
