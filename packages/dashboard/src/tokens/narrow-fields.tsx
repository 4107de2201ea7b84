// What a new token can be narrowed to besides: folded away, for most need none of it.
import type { App } from '@hallpass/client'

import { Check } from '../ui/choice.tsx'
import { controlClasses, Field, TextField } from '../ui/field.tsx'
import { actionLetters, type Narrowing, toggleAction } from './narrowing.ts'

interface NarrowFieldsProps {
  /** Undefined where the token is for one app anyway. */
  readonly apps: readonly App[] | undefined
  /** False where it may only read anyway. */
  readonly hasActions: boolean
  readonly value: Narrowing
  readonly problems: { readonly commands?: string }
  readonly onChange: (value: Narrowing) => void
}

export function NarrowFields({ apps, hasActions, value, problems, onChange }: NarrowFieldsProps) {
  const change = (part: Partial<Narrowing>) => onChange({ ...value, ...part })
  return (
    <div className="grid items-start gap-x-4 gap-y-6 px-5 pt-1 pb-6 narrow:grid-cols-2">
      {apps !== undefined && (
        <fieldset className="min-w-0">
          <legend className="mb-1 text-small font-medium">
            Only these apps <span className="font-normal text-muted">(none: every app)</span>
          </legend>
          <div className="max-h-40 overflow-y-auto">
            {apps.length === 0 && <p className="text-small text-muted">There is no app yet.</p>}
            {apps.map(({ internal_numeric_id: id, name }) => (
              <Check
                key={id}
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
      {hasActions && (
        <fieldset className="min-w-0">
          <legend className="mb-1 text-small font-medium">
            Only these actions <span className="font-normal text-muted">(none: every action)</span>
          </legend>
          <div className="flex flex-wrap gap-x-5">
            {actionLetters.map(({ letter, label }) => (
              <Check
                key={letter}
                checked={value.actions.includes(letter)}
                onChange={() => change({ actions: toggleAction(value.actions, letter) })}
              >
                {label}
              </Check>
            ))}
          </div>
        </fieldset>
      )}
      <div className="flex min-w-0 flex-col gap-1">
        <Field
          label="Only these commands in machines"
          optional
          hint="One a line, such as: bin/migrate up. Besides, it may read."
          error={problems.commands}
        >
          {(control) => (
            <textarea
              {...control}
              rows={3}
              spellCheck={false}
              autoCapitalize="none"
              value={value.commands}
              onChange={(event) => change({ commands: event.target.value })}
              className={`${controlClasses} h-auto py-2 font-mono text-small`}
            />
          )}
        </Field>
        <Check checked={value.takesMore} onChange={(takesMore) => change({ takesMore })}>
          Also with more arguments behind them
        </Check>
      </div>
      <TextField
        label="Only these machines"
        optional
        hint="Ids of machines, with commas between."
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={value.machines}
        onChange={(event) => change({ machines: event.target.value })}
      />
    </div>
  )
}
