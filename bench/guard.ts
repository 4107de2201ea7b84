// What a guard costs: a verdict from memory, a token below a known one, and the memory of many tokens.
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { createGuard, type Guard } from '@hallpass/guard'
import {
  attenuate,
  clear,
  clearBundle,
  decodeMacaroon,
  formatAuthorization,
  parseAuthorization,
  parseBundle,
  permissionLocation,
  verifyBundle,
  type VerifiedMacaroon,
} from '@hallpass/macaroon'

import { guardOptions } from './guard-authority.ts'
import { timeEachSync } from './measure.ts'
import type { Piece, Unit } from './row.ts'
import { makeTokens, tokensOfAKind, type Tokens } from './verify-tokens.ts'

interface World {
  readonly guard: Guard
  readonly tokens: Tokens
  /** The headers as they come from a socket, and what the core makes of each. */
  readonly asSent: readonly Buffer[]
  readonly verified: ReadonlyMap<string, VerifiedMacaroon>
  /** Headers of tokens that were attenuated from known ones, and came never before. */
  readonly newChild: () => string
}

const access = { org_slug: 'acme', app_name: 'web', action: 'r' } as const
const count = 1024
const mebibyte = 1024 ** 2
const mebibytes: Unit = { show: (bytes) => `${(bytes / mebibyte).toFixed(0)} MiB` }
const manyTokens = 100_000

export const guard: Piece<World> = {
  groups: [
    {
      note: '`guard.allow` of @hallpass/guard with org tokens of three caveats, all in memory. Hot: the string of a header, made anew, beside the core alone: the same header looked up in a Map, and cleared with the time of day; the last row is the difference. Child: a token that came never before and has one caveat more than a known one, beside a cold verification of it with its key.',
      rounds: 40,
      warmUp: 20,
      rows: [
        { what: 'hot, from memory', how: hot, beside: core },
        { what: 'hot, above the core', how: above, goal: 1 },
        { what: 'child of a known token', how: child, beside: cold, goal: 0.5 },
      ],
    },
    {
      note: `The growth of the heap with ${manyTokens.toLocaleString('en-GB')} org tokens that a guard has asked about, and remembers all, after a collection of garbage.`,
      rounds: 1,
      rows: [{ what: 'memory', how: memory, unit: mebibytes, goal: 64 * mebibyte }],
    },
  ],

  async open(run) {
    const tokens = makeTokens([{ caveats: 3, discharges: 0 }])
    const [headers = []] = tokens.kinds
    const guard = createGuard(guardOptions)
    run.stack.defer(() => guard.close())
    await guard.ready()
    for (const header of headers) await guard.allow(header, access)
    const parents = headers.map((header) => decodeMacaroon(parseAuthorization(header).macaroons[0] ?? new Uint8Array()))
    let children = 0
    return {
      guard,
      tokens,
      asSent: headers.map((header) => Buffer.from(header, 'latin1')),
      verified: new Map(headers.map((header) => [header, verifyWithKey(header, tokens)])),
      newChild() {
        children += 1
        const parent = parents[children % tokensOfAKind]
        if (parent === undefined) throw new Error('there is no token')
        const notAfter = BigInt(tokens.access.now + 86_400 + children)
        return formatAuthorization([attenuate(parent, [{ type: 'ValidityWindow', notBefore: 0n, notAfter }]).bytes])
      },
    }
  },
}

async function hot({ guard, asSent }: World): Promise<number> {
  // The feed is heard between two rounds.
  await setImmediate()
  return timeEachSync(count, (i) => allowAtOnce(guard, asSent[i % tokensOfAKind]?.toString('latin1') ?? ''))
}

function core({ verified, asSent, tokens }: World): number {
  return timeEachSync(count, (i) => {
    const found = verified.get(asSent[i % tokensOfAKind]?.toString('latin1') ?? '')
    const now = Date.now()
    expectAllowed(found !== undefined && clear(found, [{ ...tokens.access, now: now / 1000 }]).allowed)
  })
}

/** Microseconds, of both in turn. */
async function above(world: World): Promise<number> {
  return (await hot(world)) - core(world)
}

async function child({ guard, newChild }: World): Promise<number> {
  await setImmediate()
  const headers = Array.from({ length: count }, newChild)
  return timeEachSync(count, (i) => allowAtOnce(guard, headers[i] ?? ''))
}

function cold({ newChild, tokens }: World): number {
  const headers = Array.from({ length: count }, newChild)
  return timeEachSync(count, (i) => {
    const verified = verifyBundle(parseBundle(headers[i] ?? '', { location: permissionLocation }), () => tokens.key)
    expectAllowed(clearBundle(verified, [tokens.access]).allowed)
  })
}

async function memory(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const guard = createGuard(guardOptions)
  await guard.ready()
  collect()
  const before = process.memoryUsage().heapUsed
  let refused = 0
  for (let made = 0; made < manyTokens; made += tokensOfAKind) {
    const [headers = []] = makeTokens([{ caveats: 3, discharges: 0 }]).kinds
    await setImmediate()
    const verdicts = await Promise.all(headers.map(async (header) => guard.allow(header, access)))
    refused += verdicts.filter(({ allowed }) => !allowed).length
  }
  collect()
  const grown = process.memoryUsage().heapUsed - before
  guard.close()
  if (refused > 0) throw new Error(`${refused} tokens were refused`)
  return grown
}

function allowAtOnce(guard: Guard, header: string): void {
  const verdict = guard.allow(header, access)
  expectAllowed(!(verdict instanceof Promise) && verdict.allowed)
}

function verifyWithKey(header: string, { key }: Tokens): VerifiedMacaroon {
  const [verified] = verifyBundle(parseBundle(header, { location: permissionLocation }), () => key).verified
  if (verified === undefined) throw new Error('a token was refused')
  return verified
}

function expectAllowed(allowed: boolean): void {
  if (!allowed) throw new Error('a token was refused')
}
