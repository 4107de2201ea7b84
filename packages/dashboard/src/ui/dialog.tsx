// Dialogs: the browser's own, which traps the focus, gives it back, closes on Escape, and needs no library.
import { useEffect, useId, useLayoutEffect, useRef, type ReactNode, type RefObject } from 'react'

import { Button, type ButtonKind } from './button.tsx'
import { Form, type FormRequest } from './form.tsx'
import { FailureNotice } from './notice.tsx'

interface DialogProps {
  readonly title: string
  /** Whether only its own buttons close it: what stands in it is shown once. */
  readonly stays?: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}

/** Open for as long as it is there. */
export function Dialog({ title, stays = false, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useShownModally(dialog)
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      // By Escape, never by a click beside it: that would lose what is typed.
      closedby={stays ? 'none' : 'closerequest'}
      onCancel={(event) => {
        if (stays) event.preventDefault()
      }}
      onClose={() => {
        if (dialog.current?.open === false) onClose()
      }}
      className="m-auto w-[min(28rem,calc(100vw-2rem))] rounded-card border border-line bg-raised text-ink shadow-float backdrop:bg-veil"
    >
      <div className="flex flex-col gap-4 p-5">
        <h2 id={titleId} className="text-large font-semibold wrap-anywhere">
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  )
}

/** Opens it when it is mounted, and closes it before it is removed: only then the focus returns to where it was. */
export function useShownModally(dialog: RefObject<HTMLDialogElement | null>): void {
  useLayoutEffect(() => {
    const element = dialog.current
    if (element?.open === false) element.showModal()
    return () => element?.close()
  }, [dialog])
}

interface FormDialogProps {
  readonly title: string
  /** What the button says: a verb. */
  readonly action: string
  readonly kind?: ButtonKind
  readonly disabled?: boolean
  readonly request: FormRequest
  /** The fields that show their own errors. */
  readonly fields?: readonly string[] | undefined
  /** Whether the focus begins on Cancel although there is something to fill in before it. */
  readonly cautious?: boolean
  readonly onSubmit: () => void
  readonly onClose: () => void
  readonly children: ReactNode
}

/** A form in a dialog: fields, what went wrong, and the two buttons. */
export function FormDialog(props: FormDialogProps) {
  const { title, action, kind = 'primary', disabled = false, cautious = false } = props
  const { request, fields, onSubmit, onClose, children } = props
  const busy = request.isPending
  const cancel = useRef<HTMLButtonElement>(null)
  // After the dialog's own effect, which opens it.
  useEffect(() => {
    if (cautious) cancel.current?.focus()
  }, [cautious])
  return (
    // Waits for the request, because its answer may be shown only once.
    <Dialog title={title} stays={busy} onClose={onClose}>
      <Form
        className="flex flex-col gap-4"
        busy={busy}
        onSubmit={() => {
          if (!disabled) onSubmit()
        }}
      >
        {children}
        <FailureNotice error={request.error} fields={fields} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button ref={cancel} busy={busy} onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" kind={kind} busy={busy} disabled={disabled}>
            {action}
          </Button>
        </div>
      </Form>
    </Dialog>
  )
}

interface ConfirmDialogProps extends Omit<FormDialogProps, 'onSubmit'> {
  readonly onConfirm: () => void
}

/** Asks before an action, and shows its error. */
export function ConfirmDialog({ onConfirm, children, ...form }: ConfirmDialogProps) {
  return (
    <FormDialog kind="danger" {...form} onSubmit={onConfirm}>
      <div className="flex flex-col gap-3 text-muted wrap-anywhere">{children}</div>
    </FormDialog>
  )
}
