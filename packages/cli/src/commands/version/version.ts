// `hallpass version`: prints which version this is.
import type { Context } from '../../context.ts'
import { writeLine } from '../../output.ts'
import { readVersion } from '../../version.ts'

/** Prints the version, as `--version` does. */
export async function showVersion(context: Context): Promise<void> {
  writeLine(context, await readVersion())
}
