// Which organisation and which app a command is about.
import type { Client } from '@hallpass/client'

import { readConfigHere, readGivenConfig } from './app-config.ts'
import { askChoice } from './ask.ts'
import { canAsk, readVariable, type Context } from './context.ts'
import { CommandError } from './errors.ts'
import type { AppFlags, OrganisationFlag } from './flags.ts'

/**
 * The slug of the organisation: `--org` or the first word, then FLY_ORG, then what a person at a terminal picks.
 * @throws CommandError without a terminal, naming the flag
 */
export async function chooseOrganisation(
  context: Context,
  client: Client,
  flags: OrganisationFlag,
  word?: string,
): Promise<string> {
  const given = givenOrganisation(context, flags, word)
  if (given !== undefined) return given
  if (!canAsk(context)) throw new CommandError('misused', 'no organization is given: name one with --org SLUG')
  const { orgs } = await client.listOrganisations()
  if (orgs.length === 0) throw new CommandError('failed', 'this credential reaches no organization')
  return askChoice(
    context,
    'Select Organization:',
    orgs.map(({ slug, name }) => ({ value: slug, label: name, hint: slug })),
  )
}

/** The organisation that is given, where one is. */
export function givenOrganisation(context: Context, flags: OrganisationFlag, word?: string): string | undefined {
  if (flags.org !== undefined && word !== undefined && flags.org !== word) {
    throw new CommandError('misused', `two organizations are given: --org ${flags.org} and ${word}`)
  }
  const given = flags.org ?? word
  if (given === '') throw new CommandError('misused', 'the organization given with --org is empty')
  const variable = given === undefined ? readVariable(context.environment, 'FLY_ORG') : undefined
  if (variable !== undefined) return note(context, 'org_slug', 'FLY_ORG', variable)
  return given === undefined
    ? undefined
    : note(context, 'org_slug', flags.org === undefined ? undefined : '--org', given)
}

/**
 * The name of the app: `--app`, then `--config`, then FLY_APP, then the configuration file here.
 * @throws CommandError where there is none, naming the flag
 */
export async function chooseApp(context: Context, flags: AppFlags): Promise<string> {
  if (flags.app === '') throw new CommandError('misused', 'the name given with --app is empty')
  if (flags.app !== undefined) return note(context, 'app_name', '--app', flags.app)
  if (flags.config !== undefined) {
    return note(context, 'app_name', `the app in ${flags.config}`, await readGivenConfig(context, flags.config))
  }
  const variable = readVariable(context.environment, 'FLY_APP')
  if (variable !== undefined) return note(context, 'app_name', 'FLY_APP', variable)
  const here = await readConfigHere(context)
  if (here !== undefined) return note(context, 'app_name', `the app in ${here.name}`, here.app)
  throw new CommandError('misused', 'no app is given: name one with --app NAME, or work where a fly.toml names one')
}

/** Notes how the person gave the value, because a refusal names that. */
function note({ givenBy }: Context, field: string, by: string | undefined, value: string): string {
  if (by !== undefined) givenBy.set(field, { by, value })
  return value
}
