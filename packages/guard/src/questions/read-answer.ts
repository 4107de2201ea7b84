// Reads what the authority answers to a guard, and believes nothing of another form.
import type { KnownTokenAnswer, Verification } from '@hallpass/client'
import type { Network } from '@hallpass/macaroon'
import { parseNetwork } from '@hallpass/macaroon/narrow'

import { eventAt } from '../feed/subjects.ts'
import type { SaidOfToken } from '../memory/known-token.ts'
import type { NamedPlace } from '../memory/known-names.ts'
import { isObject, isText, listOf } from '../outside.ts'
import type { RefusalCode } from '../verdict.ts'

/** What the authority said of one header. */
export type HeaderAnswer =
  | { readonly tokens: readonly GoodToken[] }
  | { readonly refused: { readonly code: RefusalCode; readonly message: string } }

/** A token that it found good, as base64 with the discharges that it accepted. */
export interface GoodToken {
  readonly permissionToken: string
  readonly discharges: readonly string[]
  readonly said: SaidOfToken
}

export interface Answers {
  /** The event behind which all of this was read. */
  readonly event: number
  /** Milliseconds since 1970. */
  readonly now: number
  readonly headers: readonly HeaderAnswer[]
  readonly names: readonly NamedPlace[]
}

/** So many tokens are in a header at most, and so many ids in a line. */
const most = 256

/** Undefined where it is no answer to so many questions, or not of the form that the contract gives it. */
export function readAnswers(
  given: Verification,
  asked: { readonly nonce: string; readonly headers: number; readonly names: number },
): Answers | undefined {
  // What was answered before, and is repeated by something in between, may have been overtaken.
  if (!isObject(given) || given.nonce !== asked.nonce) return undefined
  const event = isText(given.after) ? eventAt(given.after) : undefined
  const now = timeOf(given.now)
  const headers = mapAll(given.answers, readHeaderAnswer, asked.headers)
  const names = mapAll(given.names, readName, asked.names)
  if (event === undefined || now === undefined || headers === undefined || names === undefined) return undefined
  return { event, now, headers, names: names.map((place) => place ?? undefined) }
}

/** Undefined where it is no list of so many, or one of them is of another form. */
function mapAll<Item>(
  given: unknown,
  read: (value: unknown) => Item | undefined,
  length?: number,
): readonly Item[] | undefined {
  if (!Array.isArray(given) || given.length !== (length ?? given.length)) return undefined
  const all = given.map(read)
  return all.every((item) => item !== undefined) ? all : undefined
}

function readHeaderAnswer(value: unknown): HeaderAnswer | undefined {
  if (!isObject(value)) return undefined
  const { tokens, refused } = value
  if (isObject(refused)) {
    const { code, message } = refused
    return isText(code) && isText(message)
      ? { refused: { code: codes.get(code) ?? 'unavailable', message } }
      : undefined
  }
  const all = mapAll(tokens, readToken)
  return all === undefined || all.length === 0 || all.length > most ? undefined : { tokens: all }
}

/** Whatever is not known here says nothing about the token. */
const codes: ReadonlyMap<string, RefusalCode> = new Map(
  (['unauthenticated', 'forbidden', 'blocked', 'rate_limited'] as const).map((code) => [code, code]),
)

function readToken(value: unknown): GoodToken | undefined {
  if (!isObject(value)) return undefined
  const { permission_token: permissionToken, id, organization, exact } = value as Partial<KnownTokenAnswer>
  const discharges = listOf(value['discharges'], isText)
  const expiresAt = timeOf(value['expires_at'])
  const networks = mapAll(value['networks'], readNetwork)
  const line = value['line'] === null ? null : listOf(value['line'], isText)
  const [app, person] = [idOrNull(value['app']), idOrNull(value['person'])]
  if (!isText(permissionToken) || !isText(id) || discharges === undefined || networks === undefined) return undefined
  if (expiresAt === undefined || line === undefined || app === undefined || person === undefined) return undefined
  if (!isObject(organization) || !isId(organization.id) || !isText(organization.slug)) return undefined
  if ((line?.length ?? 0) > most || discharges.length > most || (exact !== undefined && typeof exact !== 'boolean'))
    return undefined
  const said = {
    id,
    organization: { id: organization.id, slug: organization.slug, isPersonal: organization.personal === true },
    app,
    person,
    line,
    expiresAt,
    networks,
    isExact: exact === true,
  }
  return { permissionToken, discharges, said }
}

/** Null where nothing has the name. */
function readName(value: unknown): Exclude<NamedPlace, undefined> | null | undefined {
  if (value === null) return null
  if (!isObject(value)) return undefined
  const { organization } = value
  const app = idOrNull(value['app'])
  return isId(organization) && app !== undefined ? { organization, app } : undefined
}

function readNetwork(value: unknown): Network | undefined {
  try {
    return isText(value) ? parseNetwork(value) : undefined
  } catch {
    return undefined
  }
}

function timeOf(value: unknown): number | undefined {
  const time = isText(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0
}

/** Undefined for anything else. */
function idOrNull(value: unknown): number | null | undefined {
  if (value === null) return null
  return isId(value) ? value : undefined
}
