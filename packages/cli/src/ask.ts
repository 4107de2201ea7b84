// Questions to a person at a terminal. Programs get an error that names the flag with the answer.
import { withoutSecrets } from '@hallpass/client/secret-text'
import { printable } from '@hallpass/client/visible-text'

import { canAsk, type Context } from './context.ts'
import { CommandError } from './errors.ts'

export interface Choice {
  readonly value: string
  readonly label: string
  readonly hint?: string
}

/** Lets a person pick one of several, with the arrow keys or by typing a part of it. */
export async function askChoice(context: Context, message: string, choices: readonly Choice[]): Promise<string> {
  const { autocomplete } = await import('@clack/prompts')
  return orCancelled(
    await autocomplete<string>({
      message,
      options: choices.map(({ value, label, hint }) => ({
        value,
        label: printable(label),
        ...(hint === undefined ? {} : { hint: printable(hint) }),
      })),
      maxItems: 12,
      validate: (value) => (value === undefined ? 'nothing here has that in it: press Backspace' : undefined),
      ...streams(context),
    }),
  )
}

/** Asks for a line of text, like an email address. */
export async function askText(context: Context, message: string): Promise<string> {
  const { text } = await import('@clack/prompts')
  const validate = (value: string | undefined) => ((value ?? '').trim() === '' ? 'write something' : undefined)
  return orCancelled(await text({ message, validate, ...streams(context) })).trim()
}

/** Asks for a line of text; undefined if the signal withdraws the question before the answer. */
export async function askUnless(context: Context, message: string, signal: AbortSignal): Promise<string | undefined> {
  const { text } = await import('@clack/prompts')
  const validate = (value: string | undefined) => ((value ?? '').trim() === '' ? 'write something' : undefined)
  const answer = await text({ message, validate, signal, ...streams(context) })
  return signal.aborted ? undefined : orCancelled(answer).trim()
}

/** Asks for a password, which is not shown. */
export async function askPassword(context: Context, message: string): Promise<string> {
  const { password } = await import('@clack/prompts')
  const validate = (value: string | undefined) => ((value ?? '') === '' ? 'write something' : undefined)
  return orCancelled(await password({ message, validate, ...streams(context) }))
}

/**
 * Asks before something is destroyed.
 * @throws CommandError if the person says no, or if there is no terminal and `--yes` is not given
 */
export async function confirm(context: Context, question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return
  if (!canAsk(context)) throw new CommandError('misused', 'this cannot be undone: confirm it with --yes')
  const prompts = await import('@clack/prompts')
  const answer = await prompts.confirm({
    message: printable(withoutSecrets(question)),
    initialValue: false,
    ...streams(context),
  })
  if (!orCancelled(answer)) throw new CommandError('failed', 'nothing was done')
}

function streams(context: Context) {
  const { stderr } = context
  // A terminal whose width is 0 does not know it, as in a container: each letter would get a line of its own.
  if (stderr.columns === 0) Object.assign(stderr, { columns: 80, rows: 24 })
  return { input: context.stdin, output: stderr }
}

/** Prompts answer with a symbol where the person pressed Ctrl-C. */
function orCancelled<Answer>(answer: Answer): Exclude<Answer, symbol> {
  if (typeof answer === 'symbol') throw new CommandError('cancelled', 'cancelled')
  return answer as Exclude<Answer, symbol>
}
