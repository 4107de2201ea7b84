// `hallpass completion`: prints the script that a shell loads.
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import { scripts, shells } from './scripts.ts'

/** Prints the script of one shell. */
export async function printScript(context: Context, _flags: object, shell: string): Promise<void> {
  const script = shells.find((each) => each === shell)
  if (script === undefined)
    throw new CommandError('misused', `there is completion for ${shells.join(', ')}, and no other`)
  context.process.stdout.write(scripts[script])
}
