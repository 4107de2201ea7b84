// `/dashboard/:org/trust`: which CI jobs get tokens of the organisation without a stored secret.
import { useState } from 'react'

import type { TrustPolicy } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useAdminsOnly, useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { AddDialog } from '../trust/add-dialog.tsx'
import { RemoveDialog } from '../trust/remove-dialog.tsx'
import { nameOfIssuer } from '../trust/services.ts'
import { Button } from '../ui/button.tsx'
import { Empty, Row, Rows, Tag } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'
import { Time } from '../ui/time.tsx'
import { sayPerson } from '../words/people.ts'

export function TrustPage() {
  const { client } = useServices()
  const { slug, name } = useOrganisation()
  const adminsOnly = useAdminsOnly()
  const [isAdding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<TrustPolicy | undefined>(undefined)
  const query = useQuery({ key: ['trust', slug], ask: () => client.listTrustPolicies({ org_slug: slug }) })
  return (
    <>
      <PageHeader
        title="CI jobs"
        lead={`Which jobs of a CI service get tokens of ${name} that expire within the hour, with no secret stored there.`}
        actions={
          <Button kind="primary" disabled={adminsOnly !== undefined} title={adminsOnly} onClick={() => setAdding(true)}>
            Trust CI jobs
          </Button>
        }
      />
      <Load query={query} what="The trust policies" skeleton={<RowsSkeleton rows={2} height="h-16" />}>
        {({ trust_policies: policies }) =>
          policies.length === 0 ? (
            <Empty title="No CI jobs are trusted">
              A job of GitHub Actions, GitLab or Buildkite can exchange its identity token for a token of this
              organization.
            </Empty>
          ) : (
            <Rows>
              {policies.map((policy) => (
                <Row
                  key={policy.id}
                  name={policy.name}
                  tags={<Tag>{nameOfIssuer(policy.issuer)}</Tag>}
                  note={<Note policy={policy} />}
                >
                  {adminsOnly === undefined && (
                    <Button
                      kind="quiet-danger"
                      size="small"
                      aria-label={`Remove ${policy.name}`}
                      onClick={() => setRemoving(policy)}
                      className="-mr-2.5"
                    >
                      Remove
                    </Button>
                  )}
                </Row>
              ))}
            </Rows>
          )
        }
      </Load>
      {isAdding && <AddDialog onClose={() => setAdding(false)} />}
      {removing !== undefined && <RemoveDialog policy={removing} onClose={() => setRemoving(undefined)} />}
    </>
  )
}

function Note({ policy }: { readonly policy: TrustPolicy }) {
  const { claims, app, lifetime, caveats, created_by, created_by_proven, created_at } = policy
  const wanted = Object.entries(claims).map(([claim, values]) => `${claim} ${values.join(' or ')}`)
  return (
    <>
      {wanted.join(', ')}. Gets {app === null ? 'an org token' : `a deploy token for ${app}`}
      {caveats.length > 0 && ', restricted further'}, for {lifetime.replace(/(?<=[hm])0[ms]/g, '')}. Added{' '}
      <Time at={created_at} /> by {sayPerson(created_by, created_by_proven)}.
    </>
  )
}
