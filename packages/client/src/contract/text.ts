// Text from outside, bounded: what every string of the contract is made of.
import { z } from 'zod'

import { holdsWholeSecret } from '../secret-text.ts'
import { isVisible, turnsDirection } from '../visible-text.ts'

const noSecret = { error: 'holds a token or a code, which belongs into no name' }

/**
 * A line for people, which is kept and shown: 1 to `longest` characters of which some are seen, no control characters, no
 * unpaired surrogates, and no token that somebody pasted.
 */
export function line(longest: number) {
  return part(longest).min(1).refine(isVisible, { error: 'is blank' }).refine(isNoSecret, noSecret)
}

/** The name of an app, or the slug of an organisation: a label of a host name (RFC 1123 §2.1). */
export const label = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: 'is 1 to 63 characters of a-z, 0-9 and hyphens, with a letter or digit at both ends',
  })
  .refine(isNoSecret, noSecret)

/** A part of such a line, which may be empty. */
export function part(longest: number) {
  return (
    z
      .string()
      .max(longest)
      .refine((text) => text.isWellFormed(), { error: 'has an unpaired surrogate' })
      // oxlint's control-character rule guards against accidents; here they are what is looked for.
      .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), { error: 'has a control character' })
      .refine((text) => !turnsDirection(text), { error: 'has a character that turns the direction of text' })
  )
}

/** A name in a path: what is not of this form cannot exist. */
export const pathName = z.string().regex(/^[A-Za-z0-9._@+-]{1,254}$/, { error: 'has characters that no name has' })

export const emailAddress = z.email().max(254).toLowerCase()

/** A name that everybody sees must not be a credential. */
function isNoSecret(text: string): boolean {
  return !holdsWholeSecret(text)
}

/** What is typed at a login: any character but NUL, 1 to 1024 of them. */
export const typedPassword = z
  .string()
  .min(1)
  .max(1024)
  .refine((text) => text.isWellFormed() && !text.includes('\0'), { error: 'has a character that cannot be typed' })

/** A new password: at least 8 characters. */
export const password = typedPassword.min(8)

/** A one-time code as the authority printed it. */
export const oneTimeCode = z.string().regex(/^\s*[A-Za-z0-9-]{8,80}\s*$/, { error: 'is not a code of this authority' })

/** RFC 3339, UTC. */
export const timestamp = z.iso.datetime()

/** Where the next page starts; opaque. It may hold the name of a token. */
export const cursor = z.string().regex(/^[A-Za-z0-9_-]{1,2000}$/, { error: 'is not a cursor of this authority' })

/** Page sizes come as text in a query. */
export const pageLimit = z.coerce.number<number>().int().min(1).max(1000)

/** A switch in a query: Go prints booleans as words, and clients of other languages as digits. */
export const flag = z
  .enum(['true', 'false', '1', '0', ''])
  .or(z.boolean())
  .transform((given) => [true, 'true', '1', ''].includes(given))
