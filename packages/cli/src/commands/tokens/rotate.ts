// `hallpass tokens rotate`: replaces a token by one with the same caveats.
import { DurationError, parseGrace } from '@hallpass/client'
import { printable } from '@hallpass/client/visible-text'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { readExpiry } from '../../mint.ts'
import { formatJson, tell, writeOnce } from '../../output.ts'
import { idForm } from './revoke.ts'

interface RotateFlags extends GlobalFlags, JsonFlag {
  readonly grace: string
  readonly expiry?: string | undefined
}

/** Prints the new token alone, or as JSON with its record, and says what becomes of the old one. */
export async function rotateToken(context: Context, flags: RotateFlags, id: string): Promise<void> {
  if (!idForm.test(id)) throw new CommandError('misused', 'this is not an id, as `hallpass tokens list` shows them')
  checkGrace(flags.grace)
  if (flags.expiry !== undefined) readExpiry(flags.expiry)
  const client = await connect(context, flags)
  const { grace, expiry } = flags
  const { token, ...rest } = await client.rotateToken({
    token_id: id,
    grace,
    ...(expiry === undefined ? {} : { expiry }),
  })
  const lost = `token ${rest.id} was made in the place of ${id}: revoke it with \`hallpass tokens revoke ${rest.id}\``
  await writeOnce(context, flags.json === true ? formatJson({ token, ...rest }) : printable(token), lost)
  const { predecessor } = rest
  const end = predecessor.state === 'revoked' ? 'is revoked' : `works until ${formatGoTime(predecessor.expires_at)}`
  tell(context, `Token ${rest.id} replaces ${predecessor.id}, which ${end}. What that one made is kept.`)
  if (rest.blocked !== null) tell(context, `Not good yet: ${rest.blocked.sentence}`)
}

function checkGrace(text: string): void {
  try {
    parseGrace(text)
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    throw new CommandError('misused', `the value of --grace ${error.message}`)
  }
}
