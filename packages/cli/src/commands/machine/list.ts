// `hallpass machine list`: the machines of an app, or of a whole organisation.
import { describeRunLabels, type OrganisationMachines } from '@hallpass/client'

import { chooseApp, givenOrganisation } from '../../choose.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { writeTable, wroteJson } from '../../output.ts'
import { readPages } from '../../pages.ts'

interface ListFlags extends GlobalFlags, JsonFlag, AppFlags {
  readonly org?: string | undefined
  readonly state?: string | undefined
}

/** Prints ids, names and states. */
export async function listMachines(context: Context, flags: ListFlags): Promise<void> {
  const client = await connect(context, flags)
  const { state } = flags
  if (flags.org !== undefined) {
    if (flags.app !== undefined) throw new CommandError('misused', 'both --org and --app are given: give one')
    const org_slug = givenOrganisation(context, { org: flags.org }) ?? ''
    const machines = await readPages<OrganisationMachines['machines'][number]>(async (cursor) => {
      const page = await client.listOrganisationMachines({ org_slug, state, limit: 1000, cursor })
      return { items: page.machines, next: page.next_cursor || undefined }
    })
    if (wroteJson(context, flags, { machines })) return
    writeTable(
      context,
      ['ID', 'APP', 'NAME', 'STATE', 'REGION', 'IMAGE', 'CREATED AT', 'RUN LABELS'],
      machines.map(({ id, app_name, name, state: now, region, config, created_at, ...machine }) => [
        id,
        app_name,
        name,
        now,
        region,
        imageOf(config),
        formatGoTime(created_at),
        describeRunLabels(machine),
      ]),
    )
    return
  }
  const machines = await client.listMachines({ app_name: await chooseApp(context, flags), state })
  if (wroteJson(context, flags, machines)) return
  writeTable(
    context,
    ['ID', 'NAME', 'STATE', 'REGION', 'IMAGE', 'IP ADDRESS', 'CREATED AT', 'RUN LABELS'],
    machines.map(({ id, name, state: now, region, config, private_ip, created_at, ...machine }) => [
      id,
      name,
      now,
      region,
      imageOf(config),
      private_ip,
      formatGoTime(created_at),
      describeRunLabels(machine),
    ]),
  )
}

/** The image in a configuration. */
export function imageOf(config: Readonly<Record<string, unknown>> | undefined): string {
  const image = config?.['image']
  return typeof image === 'string' ? image : ''
}
