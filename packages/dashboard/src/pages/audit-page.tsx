// `/dashboard/:org/audit`: what happened in the organisation, newest first.

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { useSayCount } from '../ui/announce.ts'
import { EventList } from '../ui/events.tsx'
import { Empty } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { Pager, useCursor } from '../ui/pager.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'

export function AuditPage() {
  const { client } = useServices()
  const { slug } = useOrganisation()
  const cursor = useCursor()
  const query = useQuery({
    key: ['audit', slug, cursor],
    ask: () => client.listAuditEvents({ org_slug: slug, limit: 50, cursor }),
    keepsLast: true,
  })
  useSayCount(cursor, query, ['event', ({ events }) => events.length])
  return (
    <>
      <PageHeader title="Audit" lead="All changes in this organization, and all refused requests." />
      <Load query={query} what="The audit trail" skeleton={<RowsSkeleton rows={8} />}>
        {({ events, next_cursor }) => (
          <div aria-busy={query.isLast} className={query.isLast ? 'opacity-60' : ''}>
            {events.length === 0 ? (
              <Empty title="No events yet">Changes and refused requests appear here, with who made them.</Empty>
            ) : (
              <EventList events={events} slug={slug} />
            )}
            <Pager label="Pages of the audit trail" next={next_cursor} busy={query.isFetching} />
          </div>
        )}
      </Load>
    </>
  )
}
