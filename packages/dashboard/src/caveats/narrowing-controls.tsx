// The fields of what a token can be narrowed to: the same for one that is made and for one that is held.
import { Check } from '../ui/choice.tsx'
import { controlClasses, Field, TextField } from '../ui/field.tsx'
import type { LabelText } from './run-label.ts'
import { actionLetters, toggleAction } from './narrowing.ts'

interface TextControlProps {
  readonly value: string
  readonly onChange: (value: string) => void
}

interface ActionChecksProps extends TextControlProps {
  /** What no action at all means. */
  readonly none: string
}

export function ActionChecks({ none, value, onChange }: ActionChecksProps) {
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 text-small font-medium">
        Only these actions <span className="font-normal text-muted">(none: {none})</span>
      </legend>
      <div className="flex flex-wrap gap-x-5">
        {actionLetters.map(({ letter, label }) => (
          <Check key={letter} checked={value.includes(letter)} onChange={() => onChange(toggleAction(value, letter))}>
            {label}
          </Check>
        ))}
      </div>
    </fieldset>
  )
}

export function MachinesField({ value, onChange }: TextControlProps) {
  return (
    <TextField
      label="Only these machines"
      optional
      hint="Machine ids, separated by commas."
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

interface NetworksFieldProps extends TextControlProps {
  readonly problem: string | undefined
}

export function NetworksField({ value, problem, onChange }: NetworksFieldProps) {
  return (
    <TextField
      label="Only from these networks"
      optional
      hint="For example: 10.0.0.0/8, 2001:db8::/32"
      error={problem}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

interface CommandsFieldProps extends TextControlProps {
  readonly hint: string
  readonly rows: number
  readonly problem: string | undefined
  readonly className?: string | undefined
}

export function CommandsField({ hint, rows, problem, className, value, onChange }: CommandsFieldProps) {
  return (
    <Field label="Only these commands in machines" optional hint={hint} error={problem} className={className}>
      {(control) => (
        <textarea
          {...control}
          rows={rows}
          spellCheck={false}
          autoCapitalize="none"
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className={`${controlClasses} h-auto py-2 font-mono text-small`}
        />
      )}
    </Field>
  )
}

interface LabelFieldsProps {
  readonly value: LabelText
  readonly problem: string | undefined
  readonly onChange: (value: LabelText) => void
}

/** Who uses the token: it narrows nothing. */
export function LabelFields({ value, problem, onChange }: LabelFieldsProps) {
  const fields = [
    { name: 'agent', label: 'Agent', hint: 'Run label: the audit trail and the lists of machines show it.' },
    { name: 'run', label: 'Run', hint: undefined },
    { name: 'onBehalfOf', label: 'On behalf of', hint: undefined },
  ] as const
  return (
    <fieldset className="grid min-w-0 items-start gap-x-4 gap-y-5 narrow:col-span-2 narrow:grid-cols-3">
      <legend className="sr-only">Run label</legend>
      {fields.map(({ name, label, hint }) => (
        <TextField
          key={name}
          label={label}
          optional
          hint={hint}
          error={name === 'agent' ? problem : undefined}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={value[name]}
          onChange={(event) => onChange({ ...value, [name]: event.target.value })}
        />
      ))}
    </fieldset>
  )
}
