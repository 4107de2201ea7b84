// What caveats allow, in sentences: worked out by the core, in the page.
import { explain, type Explanation, type Names } from '@hallpass/macaroon/explain'
import { caveatsFromJSON, caveatsToJSON } from '@hallpass/macaroon/json'
import { useMemo } from 'react'

import type { App, CaveatJson, OrganisationDetails } from '@hallpass/client'

import { AccessTable } from './access-table.tsx'
import { Notice } from '../ui/notice.tsx'
import { useNow } from '../ui/time.tsx'

interface ExplainedProps {
  readonly caveats: readonly CaveatJson[]
  readonly organisation: Pick<OrganisationDetails, 'internal_numeric_id' | 'name'>
  readonly apps: readonly App[]
  /** Whether every caveat is listed too. */
  readonly isWhole?: boolean
}

export function Explained({ caveats, organisation, apps, isWhole = false }: ExplainedProps) {
  const seconds = Math.floor(useNow() / 1000)
  const told = useMemo(
    () => tell(caveats, namesOf(organisation, apps), seconds),
    [caveats, organisation, apps, seconds],
  )
  if (told === undefined) {
    return <Notice tone="warn">Its caveats cannot be read here: it may come from a newer Hallpass.</Notice>
  }
  return (
    <div className="flex flex-col gap-5">
      <Access explanation={told.explanation} />
      {isWhole && <CaveatList said={told.explanation.caveats} json={told.json} />}
    </div>
  )
}

/** The tables, and the sentences on what else holds. */
export function Access({ explanation }: { readonly explanation: Pick<Explanation, 'tables' | 'conditions'> }) {
  const { tables, conditions } = explanation
  return (
    <div className="flex flex-col gap-4">
      {tables.map((table) => (
        <AccessTable key={table.where} {...table} />
      ))}
      <ul className="flex flex-col gap-1">
        {conditions.map((sentence) => (
          <li key={sentence} className="wrap-anywhere">
            {sentence}
          </li>
        ))}
      </ul>
    </div>
  )
}

export function CaveatList({ said, json }: { readonly said: readonly string[]; readonly json: readonly string[] }) {
  return (
    <ol className="divide-y divide-line border-y border-line">
      {said.map((words, index) => (
        <li key={json[index]} className="flex flex-col gap-0.5 py-2.5">
          <span className="wrap-anywhere">{words}</span>
          <code className="font-mono text-tiny text-muted wrap-anywhere">{json[index]}</code>
        </li>
      ))}
    </ol>
  )
}

interface Told {
  readonly explanation: Explanation
  readonly json: readonly string[]
}

function tell(caveats: readonly CaveatJson[], names: Names, now: number): Told | undefined {
  try {
    const read = caveatsFromJSON(JSON.stringify(caveats))
    return {
      explanation: explain(read, { now, names }),
      json: read.map((caveat) => caveatsToJSON([caveat]).slice(1, -1)),
    }
  } catch {
    return undefined
  }
}

function namesOf({ internal_numeric_id, name }: ExplainedProps['organisation'], apps: readonly App[]): Names {
  return {
    organizations: new Map([[BigInt(internal_numeric_id), name]]),
    apps: new Map(apps.map((app) => [BigInt(app.internal_numeric_id), app.name])),
  }
}
