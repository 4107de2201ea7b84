// `hallpass verifiers revoke`: ends a service that verified tokens itself.
import { confirm } from '../../ask.ts'
import { loadAuthority } from '../../authority-package.ts'
import type { Context } from '../../context.ts'
import type { YesFlag } from '../../flags.ts'
import { readInstallation } from '../../installation.ts'
import { writeLine } from '../../output.ts'
import type { InstallationFlags } from '../../setting-flags.ts'

export async function revokeVerifier(
  context: Context,
  flags: InstallationFlags & YesFlag,
  name: string,
): Promise<void> {
  const place = readInstallation(context, flags)
  await confirm(context, `Revoke the verifier ${name}? Services that use it refuse all tokens then.`, flags.yes)
  const authority = await loadAuthority()
  await authority.revokeVerifier({ ...place, name, now: context.now().getTime() })
  writeLine(context, `Revoked the verifier ${name}`)
}
