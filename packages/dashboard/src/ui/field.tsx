// Fields of forms: a label above, the control, a hint or what is wrong with it below.
import { useId, useState, type ComponentProps, type ReactNode } from 'react'

import { joinClasses } from './classes.ts'

export const controlClasses =
  'w-full min-w-0 rounded-control border border-edge bg-raised px-3 text-ink placeholder:text-muted ' +
  'h-9 text-large wide:text-base transition-colors hover:border-muted aria-invalid:border-danger ' +
  'disabled:bg-sunken disabled:text-muted disabled:hover:border-edge disabled:cursor-not-allowed'

interface FieldProps {
  readonly label: string
  readonly optional?: boolean | undefined
  readonly hint?: ReactNode
  readonly error?: string | undefined
  readonly className?: string | undefined
  readonly children: (control: ControlProps) => ReactNode
}

/** The ids that connect a control with its label and its hints. */
interface ControlProps {
  readonly id: string
  readonly 'aria-describedby': string | undefined
  readonly 'aria-invalid': true | undefined
}

export function Field({ label, optional = false, hint, error, className, children }: FieldProps) {
  const id = useId()
  const wrong = error !== undefined
  const isTold = wrong || hint !== undefined
  return (
    <div className={joinClasses('flex min-w-0 flex-col gap-1.5', className)}>
      <label htmlFor={id} className="text-small font-medium">
        {label}
        {optional && <span className="font-normal text-muted"> (optional)</span>}
      </label>
      {children({ id, 'aria-describedby': isTold ? `${id}-words` : undefined, 'aria-invalid': wrong || undefined })}
      {isTold && (
        <p
          id={`${id}-words`}
          aria-live="polite"
          className={joinClasses('text-small', wrong ? 'text-danger' : 'text-muted')}
        >
          {error ?? hint}
        </p>
      )}
    </div>
  )
}

type TextFieldProps = Omit<FieldProps, 'children'> & Omit<ComponentProps<'input'>, 'className' | 'id'>

export function TextField({ label, optional, hint, error, className, ...input }: TextFieldProps) {
  return (
    <Field label={label} optional={optional} hint={hint} error={error} className={className}>
      {(control) => <input type="text" {...input} {...control} className={controlClasses} />}
    </Field>
  )
}

/** A password that can be looked at while it is typed. */
export function PasswordField({ label, hint, error, className, ...input }: TextFieldProps) {
  const [isShown, setShown] = useState(false)
  return (
    <Field label={label} hint={hint} error={error} className={className}>
      {(control) => (
        <div className="relative">
          <input
            {...input}
            {...control}
            type={isShown ? 'text' : 'password'}
            autoCapitalize="none"
            spellCheck={false}
            className={joinClasses(controlClasses, 'pr-16')}
          />
          <button
            type="button"
            aria-pressed={isShown}
            aria-label={`Show ${label.toLowerCase()}`}
            onClick={() => setShown(!isShown)}
            className="absolute inset-y-1 right-1 rounded-control px-2.5 text-small text-muted hover:bg-sunken hover:text-ink"
          >
            {isShown ? 'Hide' : 'Show'}
          </button>
        </div>
      )}
    </Field>
  )
}

/** A field for a new password. */
export function NewPasswordField(props: Omit<TextFieldProps, 'hint'>) {
  return <PasswordField autoComplete="new-password" required minLength={8} hint="8 characters or more." {...props} />
}

interface SelectFieldProps extends Omit<FieldProps, 'children'>, Omit<ComponentProps<'select'>, 'className' | 'id'> {
  readonly options: readonly { readonly value: string; readonly label: string; readonly disabled?: boolean }[]
}

export function SelectField({ label, optional, hint, error, className, options, ...select }: SelectFieldProps) {
  return (
    <Field label={label} optional={optional} hint={hint} error={error} className={className}>
      {(control) => <Select {...select} {...control} options={options} />}
    </Field>
  )
}

type SelectProps = Pick<SelectFieldProps, 'options'> & Omit<ComponentProps<'select'>, 'className'>

/** The browser's own select, which every keyboard and every phone knows, drawn like the other controls. */
export function Select({ options, ...select }: SelectProps) {
  return (
    <span className="relative block">
      <select {...select} className={joinClasses(controlClasses, 'appearance-none truncate pr-8')}>
        {options.map(({ value, label, disabled }) => (
          <option key={value} value={value} disabled={disabled}>
            {label}
          </option>
        ))}
      </select>
      <svg
        viewBox="0 0 16 16"
        aria-hidden="true"
        className="pointer-events-none absolute top-1/2 right-2.5 size-4 -translate-y-1/2 fill-none stroke-current stroke-[1.5] text-muted"
      >
        <path d="m4.5 6.5 3.5 3.5 3.5-3.5" strokeLinecap="round" strokeLinejoin="round" />
      </svg>
    </span>
  )
}
