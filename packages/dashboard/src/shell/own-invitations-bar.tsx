// Says on every page that the person has invitations, except on the page that lists them.
import { Link, useLocation } from 'wouter'

import type { OwnInvitation } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { Notice } from '../ui/notice.tsx'

export const ownInvitationsKey = ['own-invitations'] as const

export function OwnInvitationsBar() {
  const invitations = useOwnInvitations()
  const [path] = useLocation()
  if (invitations.length === 0 || path === '/orgs') return null
  return (
    <Notice className="mb-6">
      You are invited to {invitations.length === 1 ? 'an organization' : `${invitations.length} organizations`}.{' '}
      <Link href="/orgs" className="underline underline-offset-2">
        See the invitations
      </Link>
      .
    </Notice>
  )
}

/** None while it is not known. */
export function useOwnInvitations(): readonly OwnInvitation[] {
  const { client } = useServices()
  return useQuery({ key: ownInvitationsKey, ask: client.listOwnInvitations }).data?.invitations ?? []
}
