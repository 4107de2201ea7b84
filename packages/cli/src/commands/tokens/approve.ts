// `hallpass tokens approve`: lets a token be good that waits for an admin.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { writeLine, wroteJson } from '../../output.ts'
import { idForm } from './revoke.ts'

/** Approves the token, and says what blocks it still. */
export async function approveToken(context: Context, flags: GlobalFlags & JsonFlag, id: string): Promise<void> {
  if (!idForm.test(id)) throw new CommandError('misused', 'this is not an id, as `hallpass tokens list` shows them')
  const approved = await (await connect(context, flags)).approveToken({ token_id: id })
  if (wroteJson(context, flags, approved)) return
  writeLine(context, `Approved ${approved.id}`)
  if (approved.blocked !== null) writeLine(context, `It is still blocked: ${approved.blocked.sentence}`)
}
