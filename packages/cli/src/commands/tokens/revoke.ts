// `hallpass tokens revoke`: kills tokens, all that were attenuated from them, and all that they minted; or of one token only some
// that were attenuated.
import type { Client, RevokedDerivedToken, RevokedToken } from '@hallpass/client'
import { holdsSecret } from '@hallpass/client/secret-text'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { readText } from '../../held-token.ts'
import { warn, writeJson, writeLine } from '../../output.ts'

interface RevokeFlags extends GlobalFlags, JsonFlag {
  readonly only?: boolean | undefined
  readonly derived?: boolean | undefined
}

/** Revokes each token, by its id or by itself; one that cannot be revoked does not keep the others alive. */
export async function revokeTokens(context: Context, flags: RevokeFlags, ...given: readonly string[]): Promise<void> {
  if (flags.only === true && flags.derived === true) {
    throw new CommandError('misused', '--only and --derived do not go together: what a derived token made dies with it')
  }
  const client = await connect(context, flags)
  const way = flags.derived === true ? 'derived' : flags.only === true ? 'keep' : 'revoke'
  const revoked: (RevokedToken | RevokedDerivedToken)[] = []
  const texts = joinHeaders(given)
  for (const [at, text] of texts.entries()) {
    // A leaked token must not get into another log, so it is named by its place.
    const isName = (/^[\w.-]{1,36}$/.test(text) || derivedForm.test(text)) && !holdsToken(text) && !holdsSecret(text)
    const name = text === '-' ? 'on standard input' : isName ? text : `in argument ${at + 1}`
    try {
      const done = await revokeOne(context, client, text, way)
      revoked.push(done)
      if (flags.json !== true) writeLine(context, `Revoked ${done.id}${describeDescendants(done)}`)
    } catch (error) {
      warn(context, `failed to revoke token ${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (flags.json === true) writeJson(context, { tokens: revoked })
  else writeLine(context, `${revoked.length} ${revoked.length === 1 ? 'token' : 'tokens'} revoked`)
  const failures = texts.length - revoked.length
  if (failures > 0) {
    throw new CommandError('failed', `${failures} of ${texts.length} tokens could not be revoked`)
  }
}

async function revokeOne(
  context: Context,
  client: Client,
  given: string,
  way: 'keep' | 'revoke' | 'derived',
): Promise<RevokedToken | RevokedDerivedToken> {
  const text = given === '-' ? (await readText(context, '-')).trim() : given
  if (text === '') throw new CommandError('misused', 'it is empty')
  if (way === 'derived') {
    if (derivedForm.test(text) || holdsToken(text)) return client.revokeDerivedToken({ derived: text })
    throw new CommandError(
      'misused',
      'it is neither a token nor the name of one, `dt_…` as `hallpass orgs audit` shows it',
    )
  }
  if (derivedForm.test(text)) throw new CommandError('misused', 'it names a derived token: add --derived')
  if (idForm.test(text)) return client.revokeToken({ token_id: text, descendants: way })
  if (holdsToken(text)) return client.revokeTokenText({ token: text, descendants: way })
  throw new CommandError('misused', 'it is neither an id, as `hallpass tokens list` shows them, nor a token')
}

/** The name of a derived token, which is no secret. */
const derivedForm = /^dt_[\w-]{43}$/

/** An id as lists show it. What is not one may be a token, and belongs into no URL. */
export const idForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Whether the text has a token, damaged or not, or as the password of `Basic`: nothing else is sent to the authority. */
function holdsToken(text: string): boolean {
  const [, pair = ''] = /\bbasic\s+([\w+/-]+)/i.exec(text) ?? []
  return /(?:fm1r|fm1a|fm2|fo1)_/.test(text + Buffer.from(pair, 'base64').toString('latin1'))
}

/** Joins headers that a shell split at their spaces. */
function joinHeaders(words: readonly string[]): readonly string[] {
  const texts: string[] = []
  let header = ''
  for (const word of words) {
    if (/^(?:authorization:|flyv1|bearer|basic)$/i.test(word)) header += `${word} `
    else {
      texts.push(header + word)
      header = ''
    }
  }
  return header === '' ? texts : [...texts, header.trim()]
}

function describeDescendants({
  revoked_descendants: count,
  more_descendants: more,
}: RevokedToken | RevokedDerivedToken): string {
  if (more) return `, and more than ${count} tokens that it made`
  if (count === 0) return ''
  return count === 1 ? ', and 1 token that it made' : `, and ${count} tokens that it made`
}
