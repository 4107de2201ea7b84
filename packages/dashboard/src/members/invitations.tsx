// The invitations that nobody has accepted yet.

import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { Button } from '../ui/button.tsx'
import { Row, Rows, Section } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { FailureNotice } from '../ui/notice.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'
import { Time } from '../ui/time.tsx'
import { sayPerson } from '../words/people.ts'

export function Invitations() {
  const { client } = useServices()
  const cache = useCache()
  const { slug } = useOrganisation()
  const query = useQuery({
    key: ['invitations', slug],
    ask: () => client.listInvitations({ org_slug: slug }),
  })
  const withdrawal = useMutation({
    run: (id: number) => client.withdrawInvitation({ org_slug: slug, invitation_id: id }),
    onSettled: () => cache.invalidate(['invitations', slug]),
    said: () => 'The invitation is withdrawn.',
  })
  return (
    <Section title="Invitations" lead="Not accepted yet.">
      <FailureNotice error={withdrawal.error} className="mb-4" />
      <Load query={query} what="The invitations" skeleton={<RowsSkeleton rows={1} height="h-16" />}>
        {({ invitations }) =>
          invitations.length === 0 ? (
            <p className="border-y border-line py-4 text-muted">No open invitations.</p>
          ) : (
            <Rows>
              {invitations.map(({ id, email, role, created_by, created_by_proven, expires_at }) => (
                <Row
                  key={id}
                  name={email}
                  note={
                    <>
                      {role},{' '}
                      {created_by === null
                        ? 'was a member before the address was proven'
                        : `invited by ${sayPerson(created_by, created_by_proven)}`}
                      , expires <Time at={expires_at} />
                    </>
                  }
                >
                  <Button
                    kind="quiet-danger"
                    size="small"
                    busy={withdrawal.isPending && withdrawal.variables === id}
                    aria-label={`Withdraw the invitation of ${email}`}
                    onClick={() => withdrawal.mutate(id)}
                    className="-mr-2.5"
                  >
                    Withdraw
                  </Button>
                </Row>
              ))}
            </Rows>
          )
        }
      </Load>
    </Section>
  )
}
