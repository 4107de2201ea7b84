// `hallpass users delete`: removes an account from an installation.
import { confirm } from '../../ask.ts'
import { loadAuthority } from '../../authority-package.ts'
import type { Context } from '../../context.ts'
import type { YesFlag } from '../../flags.ts'
import { readInstallation } from '../../installation.ts'
import type { InstallationFlags } from '../../setting-flags.ts'
import { tell, writeLine } from '../../output.ts'

interface DeleteFlags extends InstallationFlags, YesFlag {
  readonly evenLastAdmin?: boolean | undefined
}

export async function deleteUser(context: Context, flags: DeleteFlags, email: string): Promise<void> {
  const place = readInstallation(context, flags)
  await confirm(context, `Delete the account of ${email}, and its personal organization with all tokens?`, flags.yes)
  const authority = await loadAuthority()
  const evenLastAdmin = flags.evenLastAdmin === true
  const orphans = await authority.deleteUser({ ...place, email, evenLastAdmin, now: context.now().getTime() })
  writeLine(context, `Deleted ${email}`)
  if (orphans.length > 0) tell(context, `Without an admin now: ${orphans.join(', ')}`)
  tell(context, 'The tokens that the person made for other organizations stay alive until they are revoked.')
}
