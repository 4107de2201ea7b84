// More limits for a new token: folded away and fetched when they are unfolded, because most tokens need none of them.
import type { App } from '@hallpass/client'

import { Check } from '../ui/choice.tsx'
import { ActionChecks, CommandsField, MachinesField, NetworksField } from '../caveats/narrowing-controls.tsx'
import { unnarrowed, type Narrowing, type NarrowingProblems } from '../caveats/narrowing.ts'
import { readNarrowing, type Kind } from './read-narrowing.ts'

/** What is filled in, and what reads it. */
export interface FilledIn {
  readonly value: Narrowing
  readonly read: typeof readNarrowing
}

interface NarrowFieldsProps {
  readonly apps: readonly App[]
  readonly kind: Kind
  /** Undefined before anything is. */
  readonly filledIn: FilledIn | undefined
  readonly problems: NarrowingProblems
  readonly onChange: (filledIn: FilledIn) => void
}

export function NarrowFields({ apps, kind, filledIn, problems, onChange }: NarrowFieldsProps) {
  const value = filledIn?.value ?? unnarrowed
  const change = (part: Partial<Narrowing>) => onChange({ value: { ...value, ...part }, read: readNarrowing })
  return (
    <div className="grid items-start gap-x-4 gap-y-6 px-5 pt-1 pb-6 narrow:grid-cols-2">
      {kind !== 'app' && (
        <fieldset className="min-w-0">
          <legend className="mb-1 text-small font-medium">
            Only these apps <span className="font-normal text-muted">(none: every app)</span>
          </legend>
          <div className="max-h-40 overflow-y-auto">
            {apps.length === 0 && <p className="text-small text-muted">There are no apps yet.</p>}
            {apps
              .map(({ internal_numeric_id, name }) => ({ id: BigInt(internal_numeric_id), name }))
              .map(({ id, name }) => (
                <Check
                  key={String(id)}
                  checked={value.apps.includes(id)}
                  onChange={(checked) =>
                    change({ apps: checked ? [...value.apps, id] : value.apps.filter((each) => each !== id) })
                  }
                >
                  {name}
                </Check>
              ))}
          </div>
        </fieldset>
      )}
      {kind !== 'readonly' && (
        <ActionChecks none="every action" value={value.actions} onChange={(actions) => change({ actions })} />
      )}
      <div className="flex min-w-0 flex-col gap-1">
        <CommandsField
          hint="One command per line, for example: bin/migrate up. The token may still read."
          rows={3}
          problem={problems.commands}
          value={value.commands}
          onChange={(commands) => change({ commands })}
        />
        <Check checked={value.takesMore} onChange={(takesMore) => change({ takesMore })}>
          Allow more arguments after them
        </Check>
      </div>
      <div className="flex min-w-0 flex-col gap-6">
        <MachinesField value={value.machines} onChange={(machines) => change({ machines })} />
        <NetworksField
          value={value.networks}
          problem={problems.networks}
          onChange={(networks) => change({ networks })}
        />
      </div>
    </div>
  )
}
