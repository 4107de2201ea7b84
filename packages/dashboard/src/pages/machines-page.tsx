// `/dashboard/:org/machines`, and `/dashboard/:org/machines/:app`: the machines of an organization, and those of one app.
import type { ReactNode } from 'react'
import { Link, useParams } from 'wouter'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { imageOf } from '../machines/describe-machine.ts'
import { MachinesTable, type ListedMachine } from '../machines/machines-table.tsx'
import { lookOf } from '../machines/states.tsx'
import { useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { useSayCount } from '../ui/announce.ts'
import { Empty } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { Pager, useCursor } from '../ui/pager.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'

const pageSize = 50

interface Page {
  readonly machines: readonly ListedMachine[]
  /** How many came with the answer. */
  readonly total: number
  readonly next_cursor: string | undefined
}

export function MachinesPage() {
  const { client } = useServices()
  const { slug, name } = useOrganisation()

  async function ask(cursor: string | undefined): Promise<Page> {
    const asked = { org_slug: slug, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) }
    const { machines, next_cursor: next } = await client.listOrganisationMachines(asked)
    return {
      machines: machines.map(({ app_name: app, updated_at: changedAt, ...machine }) => ({
        ...machine,
        app,
        image: imageOf(machine),
        changedAt,
      })),
      total: machines.length,
      next_cursor: next === '' ? undefined : next,
    }
  }

  return (
    <>
      <PageHeader title="Machines" lead={`What the apps of ${name} run.`} />
      <MachineList about={slug} ask={ask} hasApps>
        Start one on the command line: npx hallpass machine run IMAGE -a APP
      </MachineList>
    </>
  )
}

export function AppMachinesPage() {
  const { client } = useServices()
  const { slug } = useOrganisation()
  const { app } = useParams<{ app: string }>()

  /** The list of an app comes as a whole, by id: the page shows a piece of it. */
  async function ask(cursor = ''): Promise<Page> {
    const all = await client.listMachines({ app_name: app, summary: true })
    const from = all.filter(({ id }) => id > cursor)
    const shown = from.slice(0, pageSize)
    return {
      machines: shown.map((machine) => ({
        ...machine,
        app,
        image: imageOf(machine),
        changedAt: machine.updated_at,
      })),
      total: all.length,
      next_cursor: from.length > pageSize ? shown.at(-1)?.id : undefined,
    }
  }

  return (
    <>
      <Link
        href={`/dashboard/${slug}/machines`}
        className="mb-3 inline-block text-muted hover:text-ink hover:underline"
      >
        ← Machines
      </Link>
      <PageHeader title={`Machines of ${app}`} />
      <MachineList about={app} ask={ask} hasApps={false}>
        Start one on the command line: npx hallpass machine run IMAGE -a {app}
      </MachineList>
    </>
  )
}

interface MachineListProps {
  /** Whose machines these are. */
  readonly about: string
  readonly ask: (cursor: string | undefined) => Promise<Page>
  readonly hasApps: boolean
  /** What is said where there is none. */
  readonly children: ReactNode
}

function MachineList({ about, ask, hasApps, children }: MachineListProps) {
  const { slug } = useOrganisation()
  const cursor = useCursor()
  const query = useQuery({
    key: ['machines', hasApps, about, cursor],
    ask: () => ask(cursor),
    freshFor: 500,
    keepsLast: true,
    // Long answers are asked for less often.
    repeats: ({ machines, total }) =>
      Math.max(total, machines.some(({ state }) => lookOf(state).tone === 'busy') ? 2000 : 5000),
  })
  useSayCount(cursor, query, ['machine', ({ machines }) => machines.length])
  return (
    <Load query={query} what="The machines" skeleton={<RowsSkeleton rows={6} height="h-[3.75rem]" />}>
      {({ machines, next_cursor }) => (
        <div aria-busy={query.isLast} className={query.isLast ? 'opacity-60' : ''}>
          {machines.length === 0 ? (
            <Empty title={cursor === undefined ? 'No machines yet' : 'No machines on this page'}>{children}</Empty>
          ) : (
            <MachinesTable slug={slug} machines={machines} hasApps={hasApps} />
          )}
          <Pager label="Pages of machines" next={next_cursor} busy={query.isLast} />
        </div>
      )}
    </Load>
  )
}
