// The organisation whose pages these are.
import { createContext, use, type ReactNode } from 'react'

import { ApiError, type OrganisationDetails } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { LinkButton } from '../ui/button.tsx'
import { describeFailure } from '../ui/failure-words.ts'
import { Load } from '../ui/load.tsx'
import { PageSkeleton } from '../ui/skeleton.tsx'
import { PageHeader } from './page-header.tsx'

const OrganisationContext = createContext<OrganisationDetails | undefined>(undefined)

interface OrganisationProviderProps {
  readonly slug: string
  readonly children: ReactNode
}

/** Shows its children once the organisation is known, and an explanation if the person has no access. */
export function OrganisationProvider({ slug, children }: OrganisationProviderProps) {
  const { client } = useServices()
  const query = useQuery({ key: ['org', slug], ask: () => client.showOrganisation({ org_slug: slug }) })
  const { error } = query
  if (error instanceof ApiError && (error.code === 'not_found' || error.code === 'forbidden')) {
    return (
      <>
        <PageHeader title={`No access to ${slug}`} lead={describeFailure(error)} />
        <LinkButton href="/orgs" kind="primary">
          Your organizations
        </LinkButton>
      </>
    )
  }
  return (
    <Load query={query} what="The organization" skeleton={<PageSkeleton />}>
      {(organisation) => <OrganisationContext value={organisation}>{children}</OrganisationContext>}
    </Load>
  )
}

export function useOrganisation(): OrganisationDetails {
  const organisation = use(OrganisationContext)
  if (organisation === undefined) throw new Error('there is no organisation here')
  return organisation
}

/** Why a member may not do what takes an admin; undefined for an admin. */
export function useAdminsOnly(): string | undefined {
  return useOrganisation().role === 'admin' ? undefined : 'Only an admin of the organization can do this.'
}
