/** Cases and outcomes as they cross the pipe to the Go program, one JSON object per line: see go/play.go. */

import { type Access, type Caveat, type DischargeAccess } from '@hallpass/macaroon'
import { encodeCaveats } from '@hallpass/macaroon/internal'
import type { Case, Step } from './case.ts'
import type { Presented } from './presented.ts'

/** What Go's library made of a case. */
export interface GoOutcome {
  readonly made: readonly (string | null)[] | null
  readonly tickets: readonly string[] | null
  readonly kind: string
  readonly respelt: boolean
  readonly caveats: string | null
  readonly verdicts: readonly string[] | null
}

export function writeQuestion(one: Case, presented: Presented): string {
  return toJson({
    random: base64(one.random),
    kid: base64(one.kid),
    key: base64(one.key),
    location: one.location,
    mint: one.mint.map(writeStep),
    more: one.more.map(writeStep),
    answers: one.answers.map((answer) => ({ ...answer, caveats: writeCaveats(answer.caveats) })),
    token: base64(presented.token),
    presented: presented.discharges.map(base64),
    verifyKey: base64(one.verifyKey),
    trusted: Object.fromEntries([...one.trusted].map(([location, keys]) => [location, keys.map(base64)])),
    accesses: one.accesses.map(writeAccess),
  })
}

export function readOutcome(line: string): GoOutcome {
  return JSON.parse(line) as GoOutcome
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

export function writeCaveats(caveats: readonly Caveat[]): string {
  return base64(encodeCaveats(caveats))
}

function writeStep(step: Step): object {
  if (!('party' in step)) return { caveats: writeCaveats(step.caveats) }
  const { key, location, caveats } = step.party
  return { party: { key: base64(key), location, caveats: writeCaveats(caveats) } }
}

function writeAccess(access: Access | DischargeAccess): object {
  if (access.type !== 'discharge') return access
  const { now, expiry, flyio, google, gitHub } = access
  return { now, discharge: { expiry, flyio, google, gitHub } }
}

/** JSON.stringify, but whole numbers of 64 bits are written as such. */
function toJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${toJson(field)}`).join(',')}}`
}
