// `hallpass users reset`: a link with which the owner of an account sets a new password.
import { printable } from '@hallpass/client/visible-text'

import { confirm } from '../../ask.ts'
import { loadAuthority } from '../../authority-package.ts'
import { readVariable, type Context } from '../../context.ts'
import type { JsonFlag, YesFlag } from '../../flags.ts'
import { readInstallation, readText, type InstallationFlags } from '../../installation.ts'
import { formatJson, tell, writeOnce } from '../../output.ts'
import { defaultServer, normaliseServer } from '../../server-url.ts'

interface ResetFlags extends InstallationFlags, JsonFlag, YesFlag {
  readonly publicUrl?: string | undefined
}

/** Prints the link to stdout, and to stderr for whom it is. */
export async function resetUser(context: Context, flags: ResetFlags, email: string): Promise<void> {
  const place = readInstallation(context, flags)
  const publicUrl = readPublicUrl(context, flags)
  await confirm(context, `End the logins, passkeys and password of ${email}?`, flags.yes)
  const authority = await loadAuthority()
  const link = await authority.resetUser({ ...place, email, publicUrl, now: context.now().getTime() })
  const expiresAt = new Date(link.expiresAt).toISOString()
  const url = link.url.reveal()
  const shown = flags.json === true ? formatJson({ email: link.email, url, expires_at: expiresAt }) : printable(url)
  await writeOnce(context, shown, `every way into the account of ${link.email} has ended: reset it once more`)
  tell(context, `Hand this link to the owner of ${link.email}, and to nobody else. It works once, until ${expiresAt}.`)
}

function readPublicUrl({ environment }: Context, flags: ResetFlags): string {
  const given = readText(flags.publicUrl, '--public-url')
  if (given !== undefined) return normaliseServer(given, '--public-url')
  const variable = readVariable(environment, 'HALLPASS_PUBLIC_URL')
  return variable === undefined ? defaultServer : normaliseServer(variable, 'HALLPASS_PUBLIC_URL')
}
