// Radio buttons that look like one control, and check boxes.
import { useId, type ReactNode } from 'react'

import { joinClasses } from './classes.ts'

interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly isLabelHidden?: boolean
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly label: string }[]
  readonly onChange: (value: Value) => void
  readonly className?: string
}

export function Choice<Value extends string>(props: ChoiceProps<Value>) {
  const { label, isLabelHidden = false, value, options, onChange, className } = props
  const name = useId()
  return (
    <fieldset className={joinClasses('min-w-0', className)}>
      <legend className={isLabelHidden ? 'sr-only' : 'mb-1.5 text-small font-medium'}>{label}</legend>
      <div className="flex flex-wrap gap-0.5 rounded-control border border-edge bg-sunken p-0.5">
        {options.map((option) => (
          <label
            key={option.value}
            className="flex min-h-8 min-w-0 flex-auto items-center justify-center rounded-[0.25rem] px-1.5 text-center text-small narrow:flex-1 narrow:px-3 narrow:text-base text-muted has-checked:bg-raised has-checked:font-medium has-checked:text-ink has-checked:shadow-[0_0_0_1px_var(--color-edge)] has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
              className="sr-only"
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

interface CheckProps {
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly children: ReactNode
}

export function Check({ checked, onChange, children }: CheckProps) {
  return (
    <label className="flex min-w-0 items-start gap-2 py-1">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-4 shrink-0 accent-accent"
      />
      <span className="min-w-0 wrap-anywhere">{children}</span>
    </label>
  )
}
