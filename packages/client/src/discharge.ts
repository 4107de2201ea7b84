// The holder's side of the discharge protocol: takes the tickets in a header to their third parties, and brings back
// what the token needs. No credential is sent: a ticket says all that a third party has to know.
import {
  decodeMacaroon,
  expiration,
  formatAuthorization,
  MacaroonError,
  parseAuthorization,
  parseBundle,
  permissionLocation as usualLocation,
  ticketsOf,
  type Macaroon,
} from '@hallpass/macaroon'
import { maxTokens } from '@hallpass/macaroon/internal'

import { DischargeError } from './errors.ts'
import { askThirdParty, type ThirdPartyOptions } from './third-party.ts'

export { DischargeError } from './errors.ts'

export interface DischargeOptions extends ThirdPartyOptions {
  /** The location of permission tokens; `https://api.fly.io/v1` by default. */
  readonly permissionLocation?: string
}

/** A ticket of a permission token, and what has answered it. */
export interface Question {
  readonly location: string
  readonly ticket: Uint8Array
  /** `missing` where nothing answers it, or what did ends within seconds. */
  readonly state: 'answered' | 'missing'
  /** When the answer ends or ended, in Unix seconds; undefined where there is none, or it never ends. */
  readonly endsAt: bigint | undefined
}

export interface FetchedDischarges {
  /** The header with all discharges that could be had, and without those that have ended. */
  readonly header: string
  /** Why the others could not be had. */
  readonly failures: readonly DischargeError[]
}

/**
 * What the permission tokens of a header ask of third parties. `now` in Unix seconds.
 * @throws MacaroonError where the header, or one of its macaroons, is damaged
 */
export function listQuestions(
  header: string,
  options: { readonly now: number; readonly permissionLocation?: string },
): readonly Question[] {
  const { permissions, discharges } = split(header, options.permissionLocation)
  return questionsOf(permissions, discharges, options.now)
}

/**
 * Fetches the discharges that a header needs and does not have, one after the other, within 30 seconds for all that
 * need nobody, and five minutes for each that a person has to confirm.
 * @throws MacaroonError where the header, or one of its macaroons, is damaged
 */
export async function fetchDischarges(header: string, options: DischargeOptions = {}): Promise<FetchedDischarges> {
  const { now = Date.now, permissionLocation = usualLocation } = options
  const { permissions, discharges, authTokens } = split(header, permissionLocation)
  const questions = questionsOf(permissions, discharges, now() / 1000)
  const missing = questions.filter(({ state }) => state === 'missing')
  const kept = discharges.filter((discharge) => !isEnding(discharge, now() / 1000))
  if (missing.length === 0 && kept.length === discharges.length) return { header, failures: [] }

  const fetched: Macaroon[] = []
  const failures: DischargeError[] = []
  const deadline = now() + (options.patience ?? defaultPatience)
  for (const { location, ticket } of missing) {
    try {
      if (permissions.length + kept.length + fetched.length + authTokens.length >= maxTokens) {
        throw new DischargeError('refused', location, `a header carries at most ${maxTokens} tokens`)
      }
      const text = await askThirdParty(location, ticket, deadline, options)
      fetched.push(readDischarge(text, { location, ticket, permissionLocation }))
    } catch (error) {
      if (!(error instanceof DischargeError)) throw error
      failures.push(error)
    }
  }
  const macaroons = [...permissions, ...kept, ...fetched].map(({ bytes }) => bytes)
  return { header: formatAuthorization(macaroons, authTokens), failures }
}

const defaultPatience = 30_000
/** Seconds: a discharge that ends sooner would end on the way. */
const margin = 10

interface HeldHeader {
  readonly permissions: readonly Macaroon[]
  readonly discharges: readonly Macaroon[]
  readonly authTokens: readonly string[]
}

function split(header: string, permissionLocation = usualLocation): HeldHeader {
  const { permissions, discharges, damaged, authTokens } = parseBundle(header, { location: permissionLocation })
  if (damaged[0] !== undefined) throw damaged[0].error
  return { permissions: permissions.map(({ macaroon }) => macaroon), discharges, authTokens }
}

function questionsOf(permissions: readonly Macaroon[], discharges: readonly Macaroon[], now: number): Question[] {
  const questions = new Map<string, Question>()
  for (const permission of permissions) {
    for (const [location, tickets] of ticketsOf(permission)) {
      for (const ticket of tickets) {
        const answers = discharges.filter(({ nonce }) => sameBytes(nonce.kid, ticket))
        const lasting = answers.find((discharge) => !isEnding(discharge, now)) ?? answers[0]
        questions.set(ticket.join(), {
          location,
          ticket,
          state: lasting === undefined || isEnding(lasting, now) ? 'missing' : 'answered',
          endsAt: lasting && expiration(lasting.unsafeCaveats),
        })
      }
    }
  }
  return [...questions.values()]
}

function isEnding({ unsafeCaveats }: Macaroon, now: number): boolean {
  const end = expiration(unsafeCaveats)
  return end !== undefined && Number(end) < now + margin
}

/** @throws DischargeError where the text is anything but one discharge of this ticket */
function readDischarge(
  text: string,
  asked: { readonly location: string; readonly ticket: Uint8Array; readonly permissionLocation: string },
): Macaroon {
  const { location } = asked
  try {
    const { macaroons, authTokens } = parseAuthorization(text)
    const [bytes, ...more] = macaroons
    if (bytes !== undefined && more.length + authTokens.length === 0) {
      const macaroon = decodeMacaroon(bytes)
      const answers = sameBytes(macaroon.nonce.kid, asked.ticket) && macaroon.location !== asked.permissionLocation
      if (answers) return macaroon
    }
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
  }
  throw new DischargeError('not_a_third_party', location, `what ${location} answered is no discharge of this ticket`)
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
