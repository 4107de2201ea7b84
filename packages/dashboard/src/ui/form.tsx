// Forms: sent once at a time; a wrong field gets the focus.
import { useEffect, useRef, useState, type ComponentProps, type ReactNode } from 'react'

import { Button, type ButtonKind } from './button.tsx'
import { FailureNotice } from './notice.tsx'

interface FormProps extends Omit<ComponentProps<'form'>, 'onSubmit' | 'ref'> {
  readonly busy: boolean
  readonly onSubmit: () => void
}

/** If a field is wrong, before or after sending, it gets the focus, and the folds around it open. */
export function Form({ busy, onSubmit, ...rest }: FormProps) {
  const form = useRef<HTMLFormElement>(null)
  const [sent, setSent] = useState(0)
  useEffect(() => {
    if (sent > 0 && !busy) showWrongField(form.current)
  }, [sent, busy])
  return (
    <form
      {...rest}
      ref={form}
      onSubmit={(event) => {
        event.preventDefault()
        if (busy) return
        onSubmit()
        setSent(sent + 1)
      }}
    />
  )
}

function showWrongField(form: HTMLFormElement | null): void {
  const field = form?.querySelector<HTMLElement>('[aria-invalid=true]')
  for (let fold = field?.closest('details'); fold; fold = fold.parentElement?.closest('details')) fold.open = true
  field?.focus()
}

/** What is sent with a form. */
export interface FormRequest {
  readonly isPending: boolean
  readonly error: Error | null
}

interface ActionFormProps extends Omit<FormProps, 'busy'> {
  readonly request: FormRequest
  /** The fields that show their own errors. */
  readonly fields: readonly string[]
  /** What the button says: a verb. */
  readonly action: string
  readonly kind?: ButtonKind
  readonly disabled?: boolean
  /** The result, beside the button; empty until there is one. */
  readonly said?: string
  readonly children: ReactNode
}

/** Fields, what went wrong that none of them says, and one button. */
export function ActionForm(props: ActionFormProps) {
  const { request, fields, action, kind = 'primary', disabled = false, said, children, ...form } = props
  const button = (
    <Button type="submit" kind={kind} busy={request.isPending} disabled={disabled}>
      {action}
    </Button>
  )
  return (
    <Form className="flex flex-col gap-4" {...form} busy={request.isPending}>
      {children}
      <FailureNotice error={request.error} fields={fields} />
      {said === undefined ? (
        button
      ) : (
        <div className="flex items-center gap-3">
          {button}
          <output className="text-muted">{said}</output>
        </div>
      )}
    </Form>
  )
}
