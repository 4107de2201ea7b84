// What the holder of a token does with its tickets, spoken by hand: the protocol of the third party on the wire.
import { formatAuthorization, parseAuthorization, ticketsOf } from '@hallpass/macaroon'
import { expect } from 'vitest'
import { z } from 'zod'

import type { Answer, Ask } from './http.ts'
import { readMacaroon } from './macaroons.ts'

const dischargeAnswer = z.strictObject({ discharge: z.string().startsWith('fm2_') })
const interactiveAnswer = z.strictObject({
  user_interactive: z.strictObject({ user_url: z.url(), poll_url: z.url() }),
})
const refusal = z.strictObject({ error: z.string().min(1) })

export const thirdPartyPath = '/.well-known/macfly/3p'

/** The one ticket of the token, and where to take it. */
export function ticketOf(token: string): { readonly location: string; readonly ticket: string } {
  const [[location, [ticket]] = ['', []], ...more] = [...ticketsOf(readMacaroon(token))]
  if (ticket === undefined || more.length > 0) throw new Error('the token does not ask exactly one third party')
  return { location, ticket: Buffer.from(ticket).toString('base64') }
}

/** Takes the token's ticket where the token says. */
export async function takeTicket(ask: Ask, token: string): Promise<Answer> {
  const { location, ticket } = ticketOf(token)
  return ask('POST', new URL(location).pathname + thirdPartyPath, { body: { ticket } })
}

/** The header with the discharge that is given at once. */
export async function discharge(ask: Ask, token: string): Promise<string> {
  const answer = await takeTicket(ask, token)
  expect(answer.status, answer.text).toBe(201)
  return withDischarge(token, answer)
}

/** What the person is to confirm, and where the holder polls meanwhile. */
export async function askForConfirmation(
  ask: Ask,
  token: string,
): Promise<{ readonly id: string; readonly userUrl: string; readonly poll: () => Promise<Answer> }> {
  const answer = await takeTicket(ask, token)
  expect(answer.status, answer.text).toBe(201)
  const { user_url, poll_url } = interactiveAnswer.parse(answer.body).user_interactive
  return {
    id: user_url.split('/').at(-1) ?? '',
    userUrl: user_url,
    poll: () => ask('GET', new URL(poll_url).pathname),
  }
}

/** The header of the token and the discharge that this answer brought. */
export function withDischarge(token: string, answer: Answer): string {
  const { discharge: given } = dischargeAnswer.parse(answer.body)
  return formatAuthorization([token, given].flatMap((text) => parseAuthorization(text).macaroons))
}

/** The sentence with which the third party said no. */
export function refusalOf(answer: Answer, status: number): string {
  expect(answer.status, answer.text).toBe(status)
  return refusal.parse(answer.body).error
}
