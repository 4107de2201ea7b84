// `hallpass users list`: the accounts of an installation.
import { loadAuthority } from '../../authority-package.ts'
import type { Context } from '../../context.ts'
import type { JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { readInstallation } from '../../installation.ts'
import type { InstallationFlags } from '../../setting-flags.ts'
import { writeJson, writeTable } from '../../output.ts'

export async function listUsers(context: Context, flags: InstallationFlags & JsonFlag): Promise<void> {
  const authority = await loadAuthority()
  const users = await authority.listUsers(readInstallation(context, flags))
  if (flags.json === true) {
    writeJson(
      context,
      users.map(({ id, email, createdAt, emailProvenAt, emailProvenBy, hasPassword }) => ({
        id,
        email,
        email_proven: emailProvenAt !== null,
        email_proven_by: emailProvenBy,
        has_password: hasPassword,
        created_at: new Date(createdAt).toISOString(),
      })),
    )
    return
  }
  writeTable(
    context,
    ['ID', 'EMAIL', 'PROVEN BY', 'CREATED AT'],
    users.map(({ id, email, emailProvenBy, createdAt }) => [
      String(id),
      email,
      emailProvenBy ?? 'nobody',
      formatGoTime(new Date(createdAt).toISOString()),
    ]),
  )
}
