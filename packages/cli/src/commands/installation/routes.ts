// The grammar of the commands that work on an installation by hand: backup, restore and doctor.
import { jsonFlag, word } from '../../flags.ts'
import { command, words } from '../../routes.ts'
import { installationFlags, settingFlags } from '../../setting-flags.ts'

export const backupCommand = command({
  load: async () => (await import('./backup.ts')).backUpInstallation,
  flags: { ...installationFlags, ...jsonFlag },
  positional: words(word('File to write, which must not be there yet', 'file')),
  brief: 'Back up the database of an authority, which may run meanwhile',
  description:
    'Write the SQLite database of a data directory to a new file, as it is at one moment, and check the file as a whole.\n' +
    'The server may run, and serves on. The root key is not in the backup: keep it apart.\n' +
    'A PostgreSQL is backed up with its own pg_dump.',
})

export const restoreCommand = command({
  load: async () => (await import('./restore.ts')).restoreInstallation,
  flags: {
    ...installationFlags,
    ...jsonFlag,
  },
  positional: words(word('File that `hallpass backup` wrote', 'file')),
  brief: 'Put a backup into a data directory in which no server runs',
  description:
    'Check a backup as a whole, and put it into a data directory in which no server runs. A database that is there is\n' +
    'kept under another name.\n' +
    'The root key that belongs to it is put there by you, as root.key with mode 0600, or given in HALLPASS_ROOT_KEY.\n' +
    'What was revoked after the backup was made works again: revoke it once more.',
})

export const doctorCommand = command({
  load: async () => (await import('./doctor.ts')).examineInstallation,
  flags: {
    ...installationFlags,
    engine: settingFlags.engine,
    podSecurity: settingFlags.podSecurity,
    podNetwork: settingFlags.podNetwork,
    ...jsonFlag,
  },
  brief: 'List the problems of an installation, with remedies',
  description:
    'Examine a data directory or a database, while its server runs or not, and change nothing: every page of a SQLite\n' +
    'database, the settings of a PostgreSQL that durability hangs on, the root key, the version, who can change the\n' +
    'files, the room on the disk, the clock, and what runs machines. One line for each thing that is wrong; ends with 1\n' +
    'where there is any. Standard error says what the engine of machines is and lacks, which is no problem.',
})
