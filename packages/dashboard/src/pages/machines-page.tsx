// `/dashboard/:org/machines`, and `/dashboard/:org/machines/:app`: the machines of an organization, and those of one app.
import type { ReactNode } from 'react'
import { useParams, useSearchParams } from 'wouter'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { imageOf } from '../machines/describe-machine.ts'
import { MachinesTable, type ListedMachine } from '../machines/machines-table.tsx'
import { lookOf } from '../machines/states.tsx'
import { useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { useSayCount } from '../ui/announce.ts'
import { Select } from '../ui/field.tsx'
import { BackLink, Empty } from '../ui/layout.tsx'
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

  async function ask(cursor: string | undefined, state: StateFilter): Promise<Page> {
    const asked = { org_slug: slug, limit: pageSize, ...state, ...(cursor === undefined ? {} : { cursor }) }
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
  async function ask(cursor = '', state: StateFilter = {}): Promise<Page> {
    const all = await client.listMachines({ app_name: app, summary: true, ...state })
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
      <BackLink href={`/dashboard/${slug}/machines`}>Machines</BackLink>
      <PageHeader title={`Machines of ${app}`} />
      <MachineList about={app} ask={ask} hasApps={false}>
        Start one on the command line: npx hallpass machine run IMAGE -a {app}
      </MachineList>
    </>
  )
}

/** A part of a question. */
interface StateFilter {
  readonly state?: string[]
}

const stateOptions = [
  { value: '', label: 'All states' },
  { value: 'started', label: 'Started' },
  { value: 'stopped', label: 'Stopped' },
  { value: 'suspended', label: 'Suspended' },
  { value: 'failed', label: 'Failed' },
]

interface MachineListProps {
  /** Whose machines these are. */
  readonly about: string
  readonly ask: (cursor: string | undefined, state: StateFilter) => Promise<Page>
  readonly hasApps: boolean
  /** Shown if there is none. */
  readonly children: ReactNode
}

function MachineList({ about, ask, hasApps, children }: MachineListProps) {
  const { slug } = useOrganisation()
  const cursor = useCursor()
  const [params, setParams] = useSearchParams()
  const given = params.get('state')
  const state = stateOptions.find(({ value }) => value === given)?.value ?? ''
  const query = useQuery({
    key: ['machines', hasApps, about, state, cursor],
    ask: () => ask(cursor, state === '' ? {} : { state: [state] }),
    freshFor: 500,
    keepsLast: true,
    // Long answers are asked for less often.
    repeats: ({ machines, total }) =>
      Math.max(total, machines.some(({ state }) => lookOf(state).tone === 'busy') ? 2000 : 5000),
  })
  useSayCount(cursor, query, ['machine', ({ machines }) => machines.length])
  return (
    <>
      <search className="mb-3 ml-auto block w-36">
        <Select
          aria-label="State"
          value={state}
          options={stateOptions}
          onChange={({ target }) => setParams(target.value === '' ? {} : { state: target.value }, { replace: true })}
        />
      </search>
      <Load query={query} what="The machines" skeleton={<RowsSkeleton rows={6} height="h-[3.75rem]" />}>
        {({ machines, next_cursor }) => (
          <div aria-busy={query.isLast} className={query.isLast ? 'opacity-60' : ''}>
            {machines.length === 0 ? (
              <NoMachines isFiltered={state !== '' || cursor !== undefined}>{children}</NoMachines>
            ) : (
              <MachinesTable slug={slug} machines={machines} hasApps={hasApps} />
            )}
            <Pager label="Pages of machines" next={next_cursor} busy={query.isLast} />
          </div>
        )}
      </Load>
    </>
  )
}

function NoMachines({ isFiltered, children }: { readonly isFiltered: boolean; readonly children: ReactNode }) {
  if (isFiltered) return <Empty title="No machines here">Look at all states, or at the first page.</Empty>
  return <Empty title="No machines yet">{children}</Empty>
}
