// What a real client said, written down without its secrets, so that it can be said again where there is no such client.
import { decodeMacaroon, parseAuthorization, tokenId, type Macaroon } from '@hallpass/macaroon'
import { caveatsToJSON } from '@hallpass/macaroon/json'

import type { Exchange } from './proxy.ts'
import { shapeOf, type Shape } from './shape.ts'

export interface Recording {
  /** The version that was recorded, as it calls itself. */
  readonly flyctl: string
  readonly steps: readonly RecordedStep[]
}

export interface RecordedStep {
  /** The command line; or `the test`, where the test itself asked. */
  readonly did: string
  readonly exchanges: readonly RecordedExchange[]
}

export interface RecordedExchange {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON where it was JSON; absent where there was none. */
  readonly body?: unknown
  /** Tokens in it that their holder made of others without asking: by name, from which, and with which caveats. */
  readonly narrowed?: Readonly<Record<string, { readonly from: string; readonly caveats: unknown }>>
  readonly status: number
  /** The kinds of values that were answered; absent where the answer had no body. */
  readonly shape?: Shape
  /** Names of the secrets and ids in the answer, in its order, which later requests use. */
  readonly gives?: readonly string[]
}

/** What is different every time: tokens, ids of tokens and of logins, codes, slugs that were made up. */
const volatile = new RegExp(
  [
    String.raw`(?<macaroon>fm2_[A-Za-z0-9+/=]+)`,
    String.raw`(?<auth>fo1_[A-Za-z0-9_-]+)`,
    String.raw`(?<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`,
    String.raw`(?<slug>\b[a-z]+-[0-9a-f]{8}\b(?!-))`,
    String.raw`(?<code>\b[a-z0-9]{8}(?:-[a-z0-9]{8}){3}\b)`,
    String.raw`(?<login>(?<![\w-])[\w-]{43}(?![\w-]))`,
  ].join('|'),
  'g',
)

/** Every volatile value of the text that comes first there, with its kind. */
export function findVolatile(text: string): readonly { readonly value: string; readonly kind: string }[] {
  const found = new Map<string, string>()
  for (const { 0: value, groups = {} } of text.matchAll(volatile)) {
    const [kind = ''] = Object.entries(groups).find(([, matched]) => matched !== undefined) ?? []
    if (!found.has(value)) found.set(value, kind)
  }
  return [...found].map(([value, kind]) => ({ value, kind }))
}

export interface Recorder {
  record(exchange: Exchange): RecordedExchange
  /** The text with names in the place of all that is known to be secret or different every time. */
  hide(text: string): string
}

/** Writes exchanges down; `secrets` are those that are known before the first one, by name. */
export function createRecorder(secrets: Readonly<Record<string, string>>): Recorder {
  const names = new Map(Object.entries(secrets).map(([name, value]) => [value, name]))
  const macaroons = new Map<string, Macaroon>()
  const counts = new Map<string, number>()

  function name(value: string, kind: string): string {
    const known = names.get(value)
    if (known !== undefined) return known
    const number = (counts.get(kind) ?? 0) + 1
    counts.set(kind, number)
    const made = `${kind}-${number}`
    names.set(value, made)
    if (kind === 'macaroon') macaroons.set(made, readMacaroon(value))
    return made
  }

  function hide(text: string): string {
    // The longest first: one may be a part of another.
    const values = [...names.keys()].toSorted((a, b) => b.length - a.length)
    return values.reduce((hidden, value) => hidden.replaceAll(value, `{{${names.get(value)}}}`), text)
  }

  function record(exchange: Exchange): RecordedExchange {
    const { method, path, headers, body, status, answer } = exchange
    noteProof(body, names)
    const narrowed: Record<string, { from: string; caveats: unknown }> = {}
    for (const { value, kind } of findVolatile(`${headers['authorization'] ?? ''} ${body}`)) {
      if (kind !== 'macaroon' || names.has(value)) continue
      const { from, caveats } = explainMacaroon(readMacaroon(value), macaroons)
      narrowed[name(value, kind)] = { from, caveats }
    }
    const known = new Set(names.values())
    const given = findVolatile(answer).map(({ value, kind }) => name(value, kind))
    const parsed = parse(answer)
    return {
      method,
      path: hide(path),
      headers: Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, hide(value)])),
      ...(body === '' ? {} : { body: parse(hide(body)) }),
      ...(Object.keys(narrowed).length === 0 ? {} : { narrowed }),
      status,
      ...(answer === '' ? {} : { shape: shapeOf(parsed) }),
      ...(given.some((each) => !known.has(each)) ? { gives: given } : {}),
    }
  }

  return { record, hide }
}

/** The proof of a login through a browser is a new one each time. */
function noteProof(body: string, names: Map<string, string>): void {
  const sent = parse(body)
  if (typeof sent !== 'object' || sent === null) return
  for (const [key, placeholder] of [
    ['code_challenge', 'challenge'],
    ['code_verifier', 'verifier'],
    ['state', 'state'],
  ] as const) {
    const value: unknown = Reflect.get(sent, key)
    if (typeof value === 'string') names.set(value, placeholder)
  }
}

/** Which of the known tokens it was made of, and what was added. */
function explainMacaroon(macaroon: Macaroon, known: ReadonlyMap<string, Macaroon>) {
  for (const [from, { nonce, unsafeCaveats }] of known) {
    if (tokenId(nonce) !== tokenId(macaroon.nonce)) continue
    const added = macaroon.unsafeCaveats.slice(unsafeCaveats.length)
    return { from, caveats: JSON.parse(caveatsToJSON(added)) as unknown }
  }
  throw new Error('a token was sent that no answer had given')
}

export function readMacaroon(text: string): Macaroon {
  const [bytes] = parseAuthorization(text).macaroons
  if (bytes === undefined) throw new Error('this is no macaroon')
  return decodeMacaroon(bytes)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
