// The names that a shell proposes: organizations, apps and machines that the credential in use reaches.
import { cleanse } from '@hallpass/client/visible-text'

import { chooseApp } from '../../choose.ts'
import { createClientAt } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { chooseConnection, holdsMacaroon } from '../../credentials.ts'

export interface Name {
  readonly name: string
  readonly what: string
}

export type Noun = 'org' | 'app' | 'machine'

/** Milliseconds in all, because the person who pressed Tab waits. */
const patience = 2000
const mostOrganisations = 8

/**
 * Asks the authority with the credential as it is, without third parties. It writes nothing and does not prompt.
 * @param given the value of a flag that was typed, by its name
 * @returns none where the authority does not answer at once, or refuses
 */
export async function findNames(
  context: Context,
  noun: Noun,
  given: (name: string) => string | undefined,
): Promise<readonly Name[]> {
  const { environment } = context
  try {
    const end = performance.now() + patience
    const flags = { accessToken: given('access-token'), apiUrl: given('api-url') }
    const { server, token, source } = await chooseConnection(flags, environment)
    if (holdsMacaroon(token)) (await import('../../discharges.ts')).expectReadable(token, source)
    const quiet = { ...context.process, stderr: { write: () => undefined } }
    const client = () =>
      createClientAt({ ...context, process: quiet }, server, {
        token,
        timeout: Math.max(1, Math.ceil(end - performance.now())),
      })
    if (noun === 'machine') {
      const app_name = await chooseApp(context, { app: given('app'), config: given('config') })
      const machines = await client().listMachines({ app_name, summary: true })
      return machines.map(({ id, name, state }) => ({ name: id, what: `${name}, ${state}` })).map(clean)
    }
    const named = noun === 'org' ? undefined : (given('org') ?? environment['FLY_ORG'])
    const orgs = named === undefined ? (await client().listOrganisations()).orgs : []
    if (noun === 'org')
      return orgs
        .map(({ slug, name }) => ({ name: slug, what: name }))
        .filter(isPlain)
        .map(clean)
    const slugs = named === undefined ? orgs.slice(0, mostOrganisations).map(({ slug }) => slug) : [named]
    const lists = await Promise.allSettled(slugs.map((slug) => client().listApps({ org_slug: slug })))
    return lists
      .flatMap((list) => (list.status === 'fulfilled' ? list.value.apps : []))
      .map(({ name, organization }) => ({ name, what: organization.slug }))
      .filter(isPlain)
      .map(clean)
  } catch {
    // There is no place to say why.
    return []
  }
}

/** Names that a shell would interpret are not proposed. */
function isPlain({ name }: Name): boolean {
  return /^[\w.-]+$/.test(name) && !name.startsWith('-')
}

function clean({ name, what }: Name): Name {
  return { name, what: cleanse(what) }
}
