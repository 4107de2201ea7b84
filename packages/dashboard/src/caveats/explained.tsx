// What caveats allow, in sentences: worked out by the core, in the page.
import { explain, type Explanation, type Names } from '@hallpass/macaroon/explain'
import { caveatsFromJSON, caveatsToJSON } from '@hallpass/macaroon/json'
import { useMemo } from 'react'

import type { App, CaveatJson, OrganisationDetails } from '@hallpass/client'

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
      <Sentences sentences={told.explanation.sentences} />
      {isWhole && <CaveatList said={told.explanation.caveats} json={told.json} />}
    </div>
  )
}

/** Emphasizes the introductory sentence and the actions. */
export function Sentences({ sentences }: { readonly sentences: readonly string[] }) {
  return (
    <ul className="flex flex-col gap-1">
      {sentences.map((sentence) => {
        const [, lead = '', rest = sentence] = /^(In .*:$|It may [^:]*:)(.*)$/.exec(sentence) ?? []
        return (
          <li key={sentence} className="wrap-anywhere">
            {lead !== '' && <span className="font-medium">{lead}</span>}
            {rest}
          </li>
        )
      })}
    </ul>
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
