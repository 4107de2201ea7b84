// `hallpass orgs trust check`: what each trust policy says to an identity token.
import { connect } from '../../../connect.ts'
import type { Context } from '../../../context.ts'
import { CommandError } from '../../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../../flags.ts'
import { readText } from '../../../held-token.ts'
import { writeJson, writeLine } from '../../../output.ts'

/** Prints a line for each policy and each claim that does not fit. */
export async function checkIdentityToken(
  context: Context,
  flags: GlobalFlags & JsonFlag,
  slug: string,
  word = '-',
): Promise<void> {
  const token = (word === '-' ? await readText(context, '-') : word).trim()
  if (token === '') throw new CommandError('misused', 'no identity token is given')
  const checked = await (await connect(context, flags)).checkIdentityToken({ org_slug: slug, identity_token: token })
  if (flags.json === true) writeJson(context, checked)
  else {
    if (checked.workload !== null) writeLine(context, `Workload: ${checked.workload}`)
    for (const { name, misses } of checked.policies) {
      writeLine(context, misses.length === 0 ? `Trust policy ${name} accepts it` : `Trust policy ${name} refuses it:`)
      for (const { claim, wanted, found } of misses) {
        const has = found === null ? 'is missing' : `is ${found}`
        writeLine(context, `  ${claim} ${has}; wanted: ${wanted.join(' or ')}`)
      }
    }
  }
  if (checked.accepted) return
  throw new CommandError('failed', checked.problem ?? 'no trust policy accepts it')
}
