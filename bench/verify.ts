// Verifies tokens from header to decision, cold and cached, beside superfly/macaroon in Go; and the size of the library.
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { gzipSync } from 'node:zlib'

import {
  clear,
  clearBundle,
  expiration,
  parseBundle,
  permissionLocation,
  verifyBundle,
  type VerifiedMacaroon,
} from '@hallpass/macaroon'
import { rolldown } from 'rolldown'

import { mintToken, openAuthority, orgToken, WeightedCache, type OpenAuthority } from '../e2e/open-authority.ts'
import { timeEach, timeEachSync } from './measure.ts'
import type { Piece, Round } from './row.ts'
import type { Run } from './run.ts'
import { makeTokens, tokensOfAKind, type Tokens } from './verify-tokens.ts'

interface World {
  readonly tokens: Tokens
  /** Microseconds for one verification of a token of this kind by Go. */
  readonly go: (kind: number) => Promise<number>
  /** The headers of the usual kind, as they come from a socket, and what the authority remembers of them. */
  readonly asSent: readonly Buffer[]
  readonly hot: WeightedCache<Remembered>
  readonly authority: OpenAuthority
  readonly minted: string
}

interface Remembered {
  readonly verified: VerifiedMacaroon
  /** Milliseconds of Unix time. */
  readonly endsAt: number
}

/** The runs of a round: enough that the garbage of a variant is collected within its round. */
const count = 1024

const cold = [
  { what: 'cold, 1 caveat', caveats: 1, discharges: 0, goal: 0.33 },
  { what: 'cold, 3 caveats', caveats: 3, discharges: 0, goal: 0.33 },
  { what: 'cold, 6 caveats', caveats: 6, discharges: 0, goal: 0.33 },
  { what: 'cold, 12 caveats', caveats: 12, discharges: 0, goal: 0.33 },
  { what: 'cold, 3 caveats, 1 discharge', caveats: 3, discharges: 1, goal: 0.4 },
  { what: 'cold, 3 caveats, 2 discharges', caveats: 3, discharges: 2, goal: 0.4 },
]
const usual = 1
const goUsual: Round<World> = ({ go }) => go(usual)

export const verify: Piece<World> = {
  groups: [
    {
      note: 'Cold: `parseBundle`, `verifyBundle` and `clearBundle` of @hallpass/macaroon, from the header to the decision. Hot: the string of a header of 3 caveats, made anew, found in the SIEVE cache of the authority, not ended yet, and cleared with the time of day. Cached: an org token through the `authenticate` of the authority, which remembers what it verified, and cleared. Beside: Parse, Decode, Verify and Validate of superfly/macaroon in Go on the same tokens, in a process of its own (FindPermissionAndDischargeTokens and VerifyParsed if there are discharges); for hot and cached, the 3 caveats.',
      rounds: 40,
      warmUp: 20,
      rows: [
        ...cold.map(({ what, goal }, kind) => ({
          what,
          how: ({ tokens }: World) => timeEachSync(count, (i) => decideCold(tokens, kind, i)),
          beside: kind === usual ? goUsual : ({ go }: World) => go(kind),
          goal,
        })),
        {
          what: 'hot',
          how: (world) => timeEachSync(count, (i) => decideHot(world, i)),
          beside: goUsual,
          goal: 0.04,
        },
        { what: 'cached', how: (world) => timeEach(count, () => decideCached(world)), beside: goUsual },
      ],
    },
    {
      note: 'All that @hallpass/macaroon exports, as a page gets it: with the portable kernel, without /json and /explain, bundled and minified by rolldown, compressed by gzip -9.',
      rounds: 1,
      rows: [
        { what: 'size', how: packageSize, unit: { show: (bytes) => `${(bytes / 1000).toFixed(1)} kB` }, goal: 25_000 },
      ],
    },
  ],

  async open(run) {
    const tokens = makeTokens(cold)
    const go = await startGo(run, tokens)
    const authority = await openAuthority(run.directory())
    run.stack.defer(() => authority.close())
    const { token } = await authority.ask(authority.userHeader, mintToken, orgToken)
    const headers = tokens.kinds[usual] ?? []
    const asSent = headers.map((header) => Buffer.from(header, 'latin1'))
    return { tokens, go, asSent, hot: rememberAll(headers, tokens), authority, minted: token.reveal() }
  },
}

function decideCold({ kinds, key, access }: Tokens, kind: number, i: number): void {
  const header = kinds[kind]?.[i % tokensOfAKind] ?? ''
  const verified = verifyBundle(parseBundle(header, { location: permissionLocation }), () => key)
  expectAllowed(clearBundle(verified, [access]).allowed)
}

/** Every request makes a new string, whose hash is not computed yet. */
function decideHot({ hot, asSent, tokens }: World, i: number): void {
  const remembered = hot.get(asSent[i % tokensOfAKind]?.toString('latin1') ?? '')
  const now = Date.now()
  if (remembered === undefined || now >= remembered.endsAt) throw new Error('a token was forgotten')
  expectAllowed(clear(remembered.verified, [{ ...tokens.access, now: now / 1000 }]).allowed)
}

async function decideCached({ authority, minted, tokens }: World): Promise<void> {
  const { tokens: presented } = await authority.authenticate(minted)
  const orgId = BigInt(authority.organisation.id)
  const access = { ...tokens.access, appId: undefined, orgId, now: Date.now() / 1000 }
  expectAllowed(presented[0] !== undefined && clear(presented[0].verified, [access]).allowed)
}

/** So full that it must drop entries. */
function rememberAll(headers: readonly string[], { key }: Tokens): WeightedCache<Remembered> {
  const cache = new WeightedCache<Remembered>(tokensOfAKind)
  const [first = ''] = headers
  for (const [name, header] of [['one', first], ['two', first], ...headers.map((each) => [each, each])] as const) {
    const [verified] = verifyBundle(parseBundle(header ?? '', { location: permissionLocation }), () => key).verified
    if (verified === undefined) throw new Error('a token was refused')
    cache.set(name ?? '', { verified, endsAt: Number(expiration(verified.caveats)) * 1000 }, 1)
  }
  return cache
}

function expectAllowed(allowed: boolean): void {
  if (!allowed) throw new Error('a token was refused')
}

/**
 * Builds the Go program and starts it.
 * @throws Error if there is no Go, or its modules cannot be fetched
 */
async function startGo(run: Run, { key, access, kinds }: Tokens): Promise<World['go']> {
  const program = `${run.directory()}/verify`
  const source = new URL('go', import.meta.url)
  const build = spawnSync('go', ['build', '-o', program, '.'], { cwd: source, encoding: 'utf8' })
  if (build.status !== 0) throw new Error(`The Go program does not build: ${build.error?.message ?? build.stderr}`)

  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  run.stack.defer(() => void child.kill())
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async (line: string): Promise<string> => {
    child.stdin.write(`${line}\n`)
    const answer = await lines.next()
    if (answer.done === true) throw new Error('The Go program has ended')
    return answer.value
  }
  await ask(
    JSON.stringify({
      Key: Buffer.from(key).toString('base64'),
      Location: permissionLocation,
      Now: access.now,
      OrgID: Number(access.orgId),
      AppID: Number(access.appId),
      Kinds: kinds,
    }),
  )
  return async (kind) => Number(await ask(`${kind} ${count}`)) / 1000
}

async function packageSize(): Promise<number> {
  const bundle = await rolldown({ input: new URL(import.meta.resolve('@hallpass/macaroon')).pathname })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  const code = output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('')
  return gzipSync(code, { level: 9 }).length
}
