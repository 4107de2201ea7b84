// The organisations that the person is invited to, with buttons to join and to decline.
import { useLocation } from 'wouter'

import type { OwnInvitation } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { ownInvitationsKey, useOwnInvitations } from '../shell/own-invitations-bar.tsx'
import { Button } from '../ui/button.tsx'
import { Row, Rows, Section } from '../ui/layout.tsx'
import { FailureNotice } from '../ui/notice.tsx'
import { Time } from '../ui/time.tsx'
import { sayPerson } from '../words/people.ts'

/** Empty for most people, who have no invitation. */
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
    <Section title="Invitations" lead="You are not a member before you join.">
      <FailureNotice error={acceptance.error ?? refusal.error} className="mb-4" />
      <Rows>
        {invitations.map((invitation) => {
          const { id, org_name, role, expires_at } = invitation
          return (
            <Row
              key={id}
              name={org_name}
              note={
                <>
                  {role}, {sayOrigin(invitation)}, expires <Time at={expires_at} />
                </>
              }
            >
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
            </Row>
          )
        })}
      </Rows>
    </Section>
  )
}

function sayOrigin({ created_by, created_by_proven }: OwnInvitation): string {
  return created_by === null
    ? 'you were a member before you proved this address'
    : `invited by ${sayPerson(created_by, created_by_proven)}`
}
