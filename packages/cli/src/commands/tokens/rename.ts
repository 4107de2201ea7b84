// `hallpass tokens rename`: gives a token another name.
import { printable } from '@hallpass/client/visible-text'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { tell, wroteJson } from '../../output.ts'
import { idForm } from './revoke.ts'

/** Says what the token is called now, or prints its record as JSON. */
export async function renameToken(
  context: Context,
  flags: GlobalFlags & JsonFlag,
  id: string,
  name: string,
): Promise<void> {
  if (!idForm.test(id)) throw new CommandError('misused', 'this is not an id, as `hallpass tokens list` shows them')
  const client = await connect(context, flags)
  const token = await client.renameToken({ token_id: id, name })
  if (!wroteJson(context, flags, token)) tell(context, `Token ${token.id} is called ${printable(token.name)} now.`)
}
