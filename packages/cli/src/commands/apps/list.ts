// `hallpass apps list`: the apps of one organisation, or of all.
import type { App, Client } from '@hallpass/client'

import { givenOrganisation } from '../../choose.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag, OrganisationFlag } from '../../flags.ts'
import { writeTable, wroteJson } from '../../output.ts'

/** Prints the apps' names, owners and states. */
export async function listApps(context: Context, flags: GlobalFlags & JsonFlag & OrganisationFlag): Promise<void> {
  const client = await connect(context, flags)
  const given = givenOrganisation(context, flags)
  const apps = await readApps(client, given === undefined ? await reachableSlugs(client) : [given])
  if (wroteJson(context, flags, { total_apps: apps.length, apps })) return
  writeTable(
    context,
    ['NAME', 'OWNER', 'STATUS'],
    apps.map(({ name, organization, status }) => [name, organization.slug, status]),
  )
}

async function reachableSlugs(client: Client): Promise<string[]> {
  return (await client.listOrganisations()).orgs.map(({ slug }) => slug)
}

async function readApps(client: Client, slugs: readonly string[]): Promise<App[]> {
  const apps: App[] = []
  for (const slug of slugs) apps.push(...(await client.listApps({ org_slug: slug })).apps)
  return apps
}
