// `hallpass auth whoami`: who a person is to the authority, or what a token is.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { chooseConnection, holdsMacaroon } from '../../credentials.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { tell, writeJson, writeLine, writeTable, wroteJson } from '../../output.ts'

/** Prints the person's email address, or the tokens with their organisation and apps. */
export async function showWhoami(context: Context, flags: GlobalFlags & JsonFlag): Promise<void> {
  const { token, source } = await chooseConnection(flags, context.environment)
  const client = await connect(context, flags)
  if (!holdsMacaroon(token)) {
    const user = await client.showCurrentUser()
    if (flags.json === true) writeJson(context, user)
    else writeLine(context, user.email)
    tellSource(context, flags, source)
    if (!user.email_proven) tell(context, 'You have not proven that this address is yours: others see it as unproven.')
    return
  }
  const current = await client.showCurrentTokens()
  if (wroteJson(context, flags, current)) return
  writeTable(
    context,
    ['ID', 'ORGANIZATION', 'APPS', 'CREATED BY'],
    current.tokens.map(({ token_id, org_slug, apps, user }) => [
      token_id,
      org_slug,
      apps.length === 0 ? '(all)' : apps.join(','),
      user ?? '',
    ]),
  )
  tellSource(context, flags, source)
}

/** A variable may have been set long ago. */
function tellSource(context: Context, { json }: JsonFlag, source: string): void {
  if (json !== true) tell(context, `The credential is that of ${source}.`)
}
