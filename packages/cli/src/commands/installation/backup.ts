// `hallpass backup`: writes the database of a data directory to a new file.
import { resolve } from 'node:path'

import { loadAuthority } from '../../authority-package.ts'
import type { Context } from '../../context.ts'
import type { JsonFlag } from '../../flags.ts'
import { cleanPath } from '../../given-text.ts'
import { readInstallation } from '../../installation.ts'
import type { InstallationFlags } from '../../setting-flags.ts'
import { tell, writeJson, writeLine } from '../../output.ts'
import { describeFacts } from './facts.ts'

export async function backUpInstallation(
  context: Context,
  flags: InstallationFlags & JsonFlag,
  word: string,
): Promise<void> {
  const place = readInstallation(context, flags)
  const file = resolve(context.directory, cleanPath(word, 'the name of the file'))
  const authority = await loadAuthority()
  const backup = await authority.backUp({ ...place, file })
  if (flags.json === true) writeJson(context, backup)
  else writeLine(context, backup.file)
  tell(context, `Backed up, and checked as a whole: ${describeFacts(backup)}.`)
  if (backup.rootKeyFits === false) {
    tell(
      context,
      `Warning: ${backup.rootKey} is not the root key of this database. Without the right one the backup is useless.`,
    )
  } else if (backup.rootKeyFits === undefined) {
    tell(context, `Warning: no root key can be read at ${backup.rootKey}. Without it the backup is useless.`)
  } else {
    tell(
      context,
      `The root key is not in it: keep ${backup.rootKey} in another place. Without it the backup is useless.`,
    )
  }
}
