// The organisations that one is invited to, and joins or declines with a word.
import { useLocation } from 'wouter'

import type { OwnInvitation } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { ownInvitationsKey, useOwnInvitations } from '../shell/own-invitations-bar.tsx'
import { Button } from '../ui/button.tsx'
import { Section } from '../ui/layout.tsx'
import { FailureNotice } from '../ui/notice.tsx'
import { Time } from '../ui/time.tsx'
import { sayPerson } from '../words/people.ts'

/** Nothing where there are none: the address of most is not proven, or nobody has invited it. */
export function OwnInvitations() {
  const invitations = useOwnInvitations()
  const { client } = useServices()
  const cache = useCache()
  const [, navigate] = useLocation()
  const acceptance = useMutation({
    run: (id: number) => client.acceptOwnInvitation({ invitation_id: id }),
    async onSuccess({ slug }) {
      await cache.invalidate(ownInvitationsKey)
      await cache.invalidate(['orgs'])
      navigate(`/dashboard/${slug}/tokens`)
    },
    said: ({ name }) => `You have joined ${name}.`,
  })
  const refusal = useMutation({
    run: (id: number) => client.declineInvitation({ invitation_id: id }),
    onSettled: () => cache.invalidate(ownInvitationsKey),
    said: () => 'The invitation is declined.',
  })
  if (invitations.length === 0) return null
  return (
    <Section title="Invitations" lead="You join when you say so.">
      <FailureNotice error={acceptance.error ?? refusal.error} className="mb-4" />
      <ul className="divide-y divide-line border-y border-line">
        {invitations.map((invitation) => {
          const { id, org_name, role, expires_at } = invitation
          return (
            <li key={id} className="flex min-h-16 flex-wrap items-center gap-x-4 gap-y-2 py-2.5">
              <div className="min-w-0 flex-1 basis-60">
                <p className="truncate font-medium" title={org_name}>
                  {org_name}
                </p>
                <p className="text-small text-muted wrap-anywhere">
                  {role}, {sayOrigin(invitation)}, ends <Time at={expires_at} />
                </p>
              </div>
              <div className="flex gap-2">
                <Button
                  size="small"
                  aria-label={`Decline the invitation to ${org_name}`}
                  busy={refusal.isPending && refusal.variables === id}
                  onClick={() => refusal.mutate(id)}
                >
                  Decline
                </Button>
                <Button
                  kind="primary"
                  size="small"
                  aria-label={`Join ${org_name}`}
                  busy={acceptance.isPending && acceptance.variables === id}
                  onClick={() => acceptance.mutate(id)}
                >
                  Join
                </Button>
              </div>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

function sayOrigin({ created_by, created_by_proven }: OwnInvitation): string {
  return created_by === null
    ? 'a membership that this address had before it was proven to be yours'
    : `invited by ${sayPerson(created_by, created_by_proven)}`
}
