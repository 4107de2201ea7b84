// `hallpass tokens check`: whether the token at hand is good, and for how long, with an exit code for CI.
import type { Client } from '@hallpass/client'
import { expiration, tokenId } from '@hallpass/macaroon'

import { createClientAt } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { holdsMacaroon } from '../../credentials.ts'
import { subjectsOf } from '../../effective-caveats.ts'
import { sayLeft } from '../../ends-soon.ts'
import { CommandError, exitCodes } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { readHeldToken, splitToken } from '../../held-token.ts'
import { findAskers } from '../../look-up.ts'
import { readDuration } from '../../mint.ts'
import { writeLine, wroteJson } from '../../output.ts'
import { askVerdict } from '../../verdict.ts'

interface CheckFlags extends GlobalFlags, JsonFlag {
  readonly within: string
  readonly offline?: boolean | undefined
}

/** When a credential ends, in milliseconds: never, if Infinity. A login has no id. */
interface End {
  readonly id: string | null
  readonly endsAt: number
}

/**
 * Prints when the first of the tokens ends, and sets the exit code: `endsSoon` if that is within `--within`.
 * @throws CommandError or ApiError if one of them is not good, ConnectionError if that cannot be asked
 */
export async function checkToken(context: Context, flags: CheckFlags, ...words: readonly string[]): Promise<void> {
  const within = readDuration(flags.within, '--within') * 1000
  const token = await readHeldToken(context, flags, words)
  const ends = flags.offline === true ? readEnds(context, token) : await askEnds(context, flags, token)
  const first = ends.reduce((one, other) => (other.endsAt < one.endsAt ? other : one))
  const now = context.now().getTime()
  const isSoon = first.endsAt - now <= within
  if (isSoon) context.process.exitCode = exitCodes.endsSoon
  const answer = {
    ends_at: formatEnd(first),
    ends_within: isSoon,
    within: flags.within,
    asked: flags.offline !== true,
    tokens: ends.map((end) => ({ token_id: end.id, ends_at: formatEnd(end) })),
  }
  if (wroteJson(context, flags, answer)) return
  writeLine(context, `${nameOf(first, ends.length)} ${sayEnd(first, now)}`)
}

function formatEnd({ endsAt }: End): string | null {
  return endsAt === Infinity ? null : new Date(endsAt).toISOString()
}

function nameOf({ id }: End, count: number): string {
  if (id === null) return 'The login'
  return count === 1 ? `Token ${id}` : `Token ${id}, the first of ${count} to end,`
}

function sayEnd(end: End, now: number): string {
  const endsAt = formatEnd(end)
  return endsAt === null ? 'has no end' : `ends at ${formatGoTime(endsAt)}, in ${sayLeft(end.endsAt, now)}`
}

/** What the tokens say themselves. */
function readEnds(context: Context, token: string): readonly [End, ...End[]] {
  const now = context.now().getTime()
  const held = splitToken(token)
  const ends = held.permissions.map(({ nonce, unsafeCaveats }): End => {
    const end = expiration(unsafeCaveats)
    // Beyond what a date can be, there is none.
    return { id: tokenId(nonce), endsAt: end === undefined || end > lastSecond ? Infinity : Number(end) * 1000 }
  })
  const [first, ...others] = ends
  if (first === undefined) {
    throw new CommandError(
      'failed',
      'there is no permission token in the credential, and a login does not say when it ends',
    )
  }
  const ended = ends.find(({ endsAt }) => endsAt < now)
  if (ended !== undefined) throw new CommandError('failed', `token ${ended.id} ended at ${formatEnd(ended)}`)
  return [first, ...others]
}

/** ECMA-262 §21.4.1.1. */
const lastSecond = 8_640_000_000_000n

async function askEnds(context: Context, flags: CheckFlags, token: string): Promise<readonly [End, ...End[]]> {
  const { server, mayShow } = await findAskers(context, flags, token)
  if (!mayShow) {
    throw new CommandError(
      'failed',
      `the token is not sent to ${server}, because it seems to be another platform's: say --offline`,
    )
  }
  if (!holdsMacaroon(token)) return [await askLogin(createClientAt(context, server, { token, source }))]
  const { withDischarges } = await import('../../discharges.ts')
  const header = await withDischarges(context, token, source)
  const { tokens } = await createClientAt(context, server, { token: header, source }).showCurrentTokens()
  const ends = new Map(tokens.map(({ token_id: id, expires_at }) => [id, Date.parse(expires_at)]))
  for (const subject of subjectsOf(splitToken(header), Math.floor(context.now().getTime() / 1000))) {
    const id = tokenId(subject.macaroon.nonce)
    if (ends.has(id)) continue
    const { message } = await askVerdict(context, server, subject)
    throw new CommandError('failed', `one of the tokens is not good, ${id}: ${message}`)
  }
  const [first, ...others] = [...ends].map(([id, endsAt]): End => ({ id, endsAt }))
  if (first === undefined)
    throw new CommandError('failed', `the authority at ${server} knows no token in the credential`)
  return [first, ...others]
}

async function askLogin(client: Client): Promise<End> {
  const { sessions } = await client.listSessions()
  const login = sessions.find(({ current }) => current)
  return { id: null, endsAt: login === undefined ? Infinity : Date.parse(login.expires_at) }
}

const source = 'the token that is checked'
