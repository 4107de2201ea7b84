// `hallpass verifiers create`: the credential of a service that verifies tokens itself.
import { printable } from '@hallpass/client/visible-text'

import { loadAuthority } from '../../authority-package.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { JsonFlag } from '../../flags.ts'
import { readInstallation } from '../../installation.ts'
import { formatJson, tell, writeOnce } from '../../output.ts'
import type { InstallationFlags } from '../../setting-flags.ts'

interface CreateFlags extends InstallationFlags, JsonFlag {
  readonly name?: string | undefined
}

/** Prints the credential alone to stdout. */
export async function createVerifier(context: Context, flags: CreateFlags): Promise<void> {
  const name = flags.name ?? ''
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw new CommandError('misused', '--name takes 1 to 64 letters, digits, -, _ and .: the name of the verifier')
  }
  const place = readInstallation(context, flags)
  const authority = await loadAuthority()
  const { id, secret } = await authority.createVerifier({ ...place, name, now: context.now().getTime() })
  const credential = secret.reveal()
  const shown = flags.json === true ? formatJson({ id, name, credential }) : printable(credential)
  await writeOnce(context, shown, `the verifier ${name} was made: revoke it with "hallpass verifiers revoke ${name}"`)
  tell(context, `This is the credential of the verifier ${name}. It is shown only this once.`)
}
