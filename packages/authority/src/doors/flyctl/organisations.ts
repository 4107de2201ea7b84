// Organisations in the form of flyctl's newer look-ups.
import { pathName } from '@hallpass/client/contract'
import { z } from 'zod'

import { personalAlias } from '../../domain/organisation.ts'
import { listOrganisations, type ReachedOrganisation } from '../../operations/organisations/list-organisations.ts'
import { showOrganisation } from '../../operations/organisations/show-organisation.ts'
import { encodeAll } from '../http/pieces.ts'
import { route, type FlyctlRoute } from './route.ts'

export const organisationRoutes: readonly FlyctlRoute[] = [
  route({
    method: 'GET',
    url: '/api/v1/organizations',
    authenticated: true,
    query: z.object({ admin: z.enum(['true', 'false']).optional() }),
    status: 200,
    async handle({ query: { admin } }, { perform, pause }) {
      const reached = await perform(listOrganisations, undefined)
      const wanted = admin === 'true' ? reached.filter(({ role }) => role === 'admin') : reached
      return { organizations: await encodeAll(wanted, encodeOrganisation, pause) }
    },
  }),

  route({
    method: 'GET',
    url: '/api/v1/organizations/:slug',
    authenticated: true,
    params: z.object({ slug: pathName }),
    status: 200,
    async handle({ params: { slug } }, { perform }) {
      return { organization: encodeOrganisation(await perform(showOrganisation, { slug })) }
    },
  }),
]

/** The id is that of the GraphQL door. */
function encodeOrganisation({ organisation: { id, slug, name, personalOf }, own }: ReachedOrganisation) {
  return {
    id: slug,
    internal_numeric_id: id,
    slug: own ? personalAlias : slug,
    raw_slug: slug,
    name,
    personal: personalOf !== null,
    paid_plan: true,
    billable: true,
    billing_status: 'CURRENT',
    provisions_beta_extensions: false,
    remote_builder_image: '',
  }
}
