// A copy button that says when it is done, and boxes of text to copy.
import { useEffect, useState, type ReactNode } from 'react'

import { Button, type ButtonKind } from './button.tsx'

interface CopyButtonProps {
  readonly text: string
  /** What is copied, for those who do not see it beside the button. */
  readonly what: string
  readonly kind?: ButtonKind
  readonly size?: 'small' | 'medium'
  readonly onCopied?: () => void
}

export function CopyButton({ text, what, kind = 'secondary', size = 'small', onCopied }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | undefined>(undefined)
  useEffect(() => {
    if (outcome === undefined) return undefined
    const timer = setTimeout(() => setOutcome(undefined), 2500)
    return () => clearTimeout(timer)
  }, [outcome])

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      setOutcome('copied')
      onCopied?.()
    } catch {
      // Outside of a secure context there is no clipboard: the text is there to be selected.
      setOutcome('failed')
    }
  }

  return (
    <span className="inline-flex shrink-0">
      <Button kind={kind} size={size} aria-label={`Copy ${what}`} onClick={() => void copy()} className="min-w-18">
        {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Select it' : 'Copy'}
      </Button>
      <output className="sr-only">
        {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Copying failed. Select the text instead.' : ''}
      </output>
    </span>
  )
}

interface CopyBoxProps {
  readonly text: string
  readonly what: string
  /** Whether every line stays one line, and the box is scrolled instead. */
  readonly keepLines?: boolean
  readonly kind?: ButtonKind
  readonly onCopied?: () => void
}

/** Text to be taken elsewhere: a token, a link, a few lines of a program. */
export function CopyBox({ text, what, keepLines = false, kind, onCopied }: CopyBoxProps) {
  return (
    <div className="flex flex-wrap items-start justify-end gap-2 rounded-control border border-line bg-sunken p-2 pl-3">
      <pre
        // A scrolled box must be reachable by keyboard.
        tabIndex={0}
        role="group"
        aria-label={what}
        className={`max-h-60 min-w-0 flex-1 basis-52 self-center overflow-auto rounded-sm py-1 font-mono text-small select-all ${keepLines ? 'whitespace-pre' : 'break-all whitespace-pre-wrap'}`}
      >
        {text}
      </pre>
      <CopyButton
        text={text}
        what={what}
        {...(kind === undefined ? {} : { kind })}
        {...(onCopied === undefined ? {} : { onCopied })}
      />
    </div>
  )
}

/** An id, short enough to stand in a line. */
export function Id({ children }: { readonly children: ReactNode }) {
  return <code className="font-mono text-small wrap-anywhere">{children}</code>
}
