// `hallpass orgs create`: a new organisation, of which the caller is admin.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { writeJson, writeTable } from '../../output.ts'

interface CreateFlags extends GlobalFlags, JsonFlag {
  readonly slug?: string | undefined
}

/** Creates the organisation and prints its slug, which other commands need. */
export async function createOrganisation(context: Context, flags: CreateFlags, name: string): Promise<void> {
  const client = await connect(context, flags)
  const made = await client.createOrganisation({ name, ...(flags.slug === undefined ? {} : { slug: flags.slug }) })
  if (flags.json === true) writeJson(context, made)
  else writeTable(context, ['NAME', 'SLUG', 'TYPE', 'ROLE'], [[made.name, made.slug, made.type, made.role ?? '']])
}
