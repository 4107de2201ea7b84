// Machines, one a row: what each is called, what it runs, how it is, and since when.
import { Link } from 'wouter'

import { describeRunLabels, type RunLabelFields } from '@hallpass/client'

import { CopyButton } from '../ui/copy.tsx'
import { Time } from '../ui/time.tsx'
import { MachineStateWord, type MachineState } from './states.tsx'

export interface ListedMachine extends RunLabelFields {
  readonly id: string
  readonly name: string
  /** Empty where its app is deleted. */
  readonly app: string
  /** Empty where it is not known yet. */
  readonly image: string
  readonly region: string
  readonly state: MachineState
  readonly changedAt: string
}

interface MachinesTableProps {
  readonly slug: string
  readonly machines: readonly ListedMachine[]
  /** Whether the app of each is said: not where all are of one. */
  readonly hasApps: boolean
}

export function MachinesTable({ slug, machines, hasApps }: MachinesTableProps) {
  return (
    <div className="@container">
      <table className="block w-full text-left @3xl:table @3xl:table-fixed">
        <thead className="hidden text-small text-muted @3xl:table-header-group">
          <tr className="border-b border-line">
            <th className="w-[34%] py-2 pr-4 font-medium">Name</th>
            {hasApps && <th className="w-[16%] py-2 pr-4 font-medium">App</th>}
            <th className="py-2 pr-4 font-medium">Image</th>
            <th className="w-20 py-2 pr-4 font-medium">Region</th>
            <th className="w-32 py-2 pr-4 font-medium">Changed</th>
            <th className="w-25 py-2 font-medium">State</th>
          </tr>
        </thead>
        <tbody className="block divide-y divide-line border-y border-line @3xl:table-row-group @3xl:border-t-0">
          {machines.map((machine) => (
            <Row key={machine.id} slug={slug} machine={machine} hasApp={hasApps} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  readonly slug: string
  readonly machine: ListedMachine
  readonly hasApp: boolean
}

function Row({ slug, machine, hasApp }: RowProps) {
  const { id, name, app, image, region, changedAt } = machine
  const labels = describeRunLabels(machine)
  const place = `/dashboard/${slug}/machines/${encodeURIComponent(app)}`
  const nameClasses = 'block truncate text-base font-medium'
  return (
    <tr className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 gap-y-1 py-3 text-small @3xl:table-row @3xl:hover:bg-side">
      <th scope="row" className="min-w-0 font-normal @3xl:py-2.5 @3xl:pr-4">
        <div className="flex items-center justify-between gap-2">
          <div className="min-w-0">
            {app === '' ? (
              <span className={nameClasses}>{name}</span>
            ) : (
              <Link href={`${place}/${id}`} className={`${nameClasses} hover:underline`} title={name}>
                {name}
              </Link>
            )}
            <code className="block truncate font-mono text-tiny text-muted">{id}</code>
            {labels !== '' && (
              <span className="block truncate text-tiny text-muted" title={labels}>
                {labels}
              </span>
            )}
          </div>
          <CopyButton text={id} what={`id of ${name}`} kind="quiet" />
        </div>
      </th>
      {hasApp && (
        <td className="order-2 col-span-2 truncate text-muted @3xl:pr-4" title={app}>
          {app === '' ? (
            'a deleted app'
          ) : (
            <>
              <Label>of</Label>{' '}
              <Link href={place} className="hover:text-ink hover:underline">
                {app}
              </Link>
            </>
          )}
        </td>
      )}
      <td className="order-2 col-span-2 truncate @3xl:pr-4" title={image}>
        {image}
      </td>
      <td className="order-3 truncate text-muted @3xl:pr-4">
        <Label>in</Label> {region}
      </td>
      <td className="order-3 text-muted @3xl:pr-4">
        <Label>changed</Label> <Time at={changedAt} />
      </td>
      <td className="order-1 self-center">
        <MachineStateWord machine={machine} />
      </td>
    </tr>
  )
}

/** Said only where there is no heading above. */
function Label({ children }: { readonly children: string }) {
  return <span className="@3xl:hidden">{children}</span>
}
