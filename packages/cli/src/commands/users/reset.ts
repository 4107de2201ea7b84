// `hallpass users reset`: a link with which the owner of an account sets a new password.
import { printable } from '@hallpass/client/visible-text'

import { confirm } from '../../ask.ts'
import { loadAuthority } from '../../authority-package.ts'
import type { Context } from '../../context.ts'
import type { JsonFlag, YesFlag } from '../../flags.ts'
import { readInstallation } from '../../installation.ts'
import type { InstallationFlags } from '../../setting-flags.ts'
import { formatJson, tell, writeOnce } from '../../output.ts'
import { createSettingReader } from '../../read-settings.ts'
import { defaultServer, normaliseServer } from '../../server-url.ts'

interface ResetFlags extends InstallationFlags, JsonFlag, YesFlag {
  readonly publicUrl?: string | undefined
}

/** Prints the link to stdout, and its owner to stderr. */
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

function readPublicUrl(context: Context, flags: ResetFlags): string {
  const read = createSettingReader(context, flags)
  const given = read.text('publicUrl')
  return given === undefined ? defaultServer : normaliseServer(given, read.sourceOf('publicUrl'))
}
