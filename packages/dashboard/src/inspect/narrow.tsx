// Narrows what was pasted, by its holder, without asking anyone: every choice adds a caveat.
import { MacaroonError, type Caveat } from '@hallpass/macaroon'
import { caveatsOfWords } from '@hallpass/macaroon/narrow'
import { useState } from 'react'

import { problemsOfNarrowing, unnarrowed, wordsOfNarrowing, type Narrowing } from '../caveats/narrowing.ts'
import {
  ActionChecks,
  CommandsField,
  LabelFields,
  MachinesField,
  NetworksField,
} from '../caveats/narrowing-controls.tsx'
import { problemOfLabel, unlabelled, wordsOfLabel } from '../caveats/run-label.ts'
import { CopyBox } from '../ui/copy.tsx'
import { SelectField, TextField } from '../ui/field.tsx'
import { Notice } from '../ui/notice.tsx'
import { narrowHeader, readHeader, type ReadHeader } from './read-header.ts'
import { TokenCard } from './token-card.tsx'

interface NarrowProps {
  readonly header: ReadHeader
  /** Unix seconds. */
  readonly now: number
}

const ends: readonly { readonly value: string; readonly label: string }[] = [
  { value: '0', label: 'No change' },
  { value: '3600', label: 'In 1 hour or earlier' },
  { value: '86400', label: 'In 1 day or earlier' },
  { value: '604800', label: 'In 7 days or earlier' },
  { value: '2592000', label: 'In 30 days or earlier' },
]

export function Narrow({ header, now }: NarrowProps) {
  const [narrowing, setNarrowing] = useState(unnarrowed)
  const [appIds, setAppIds] = useState('')
  const [end, setEnd] = useState<number | undefined>(undefined)
  const [choice, setChoice] = useState('0')
  const [label, setLabel] = useState(unlabelled)
  const change = (part: Partial<Narrowing>) => setNarrowing({ ...narrowing, ...part })
  const problems = problemsOfNarrowing(narrowing)
  const apps = numbersIn(appIds)
  const labelProblem = problemOfLabel(label)
  const isWrong = apps === undefined || Object.keys(problems).length > 0 || labelProblem !== undefined
  const caveats: readonly Caveat[] = isWrong
    ? []
    : caveatsOfWords({ ...wordsOfNarrowing({ ...narrowing, apps }), notAfter: end, label: wordsOfLabel(label) })
  return (
    <div className="flex flex-col gap-6">
      <div className="grid items-start gap-x-4 gap-y-5 rounded-card border border-line p-5 narrow:grid-cols-2">
        <ActionChecks none="no change" value={narrowing.actions} onChange={(actions) => change({ actions })} />
        <SelectField
          label="Expires"
          value={choice}
          options={ends}
          onChange={({ target: { value } }) => {
            setChoice(value)
            setEnd(value === '0' ? undefined : now + Number(value))
          }}
        />
        <TextField
          label="Only these apps"
          optional
          hint="App numbers, separated by commas. The Apps page shows them."
          error={apps === undefined ? 'Enter app numbers, not names.' : undefined}
          inputMode="numeric"
          autoComplete="off"
          value={appIds}
          onChange={(event) => setAppIds(event.target.value)}
        />
        <MachinesField value={narrowing.machines} onChange={(machines) => change({ machines })} />
        <NetworksField
          value={narrowing.networks}
          problem={problems.networks}
          onChange={(networks) => change({ networks })}
        />
        <CommandsField
          hint="One command per line. The token may still read."
          rows={2}
          problem={problems.commands}
          value={narrowing.commands}
          onChange={(commands) => change({ commands })}
        />
        <LabelFields value={label} problem={labelProblem} onChange={setLabel} />
      </div>
      <output className="sr-only">{caveats.length > 0 ? 'The restricted token is below.' : ''}</output>
      {caveats.length > 0 && <Narrowed header={header} caveats={caveats} now={now} />}
    </div>
  )
}

interface NarrowedProps extends NarrowProps {
  readonly caveats: readonly Caveat[]
}

function Narrowed({ header, caveats, now }: NarrowedProps) {
  const text = tryNarrow(header, caveats, now)
  if (text === undefined) {
    return <Notice tone="warn">This token takes no more caveats: it is final, or full.</Notice>
  }
  const read = readHeader(text, now)
  return (
    <div className="flex flex-col gap-4">
      <CopyBox text={text} what="restricted token" kind="primary" />
      {typeof read !== 'string' &&
        read.tokens
          .filter(({ isDischarge }) => !isDischarge)
          .map((token) => <TokenCard key={token.id} token={token} title="The restricted token" />)}
    </div>
  )
}

function tryNarrow(header: ReadHeader, caveats: readonly Caveat[], now: number): string | undefined {
  try {
    return narrowHeader(header, caveats, now)
  } catch (error) {
    if (error instanceof MacaroonError) return undefined
    throw error
  }
}

/** Numbers of apps, of 64 bits, and not 0, which would mean every one. */
function numbersIn(text: string): bigint[] | undefined {
  const items = text.split(/[\s,]+/).filter((item) => item !== '')
  if (items.some((item) => !/^[1-9]\d{0,18}$/.test(item))) return undefined
  return [...new Set(items)].map(BigInt)
}
