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
  const [outcome, copy] = useCopying(text, onCopied)
  return (
    <span className="inline-flex shrink-0">
      <Button kind={kind} size={size} aria-label={`Copy ${what}`} onClick={copy} className="min-w-18">
        {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Select it' : 'Copy'}
      </Button>
      <output className="sr-only">
        {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Copying failed. Select the text instead.' : ''}
      </output>
    </span>
  )
}

type Outcome = 'copied' | 'failed' | undefined

/** What came of copying the text, for a moment; and a way to copy it. */
function useCopying(text: string, onCopied?: () => void): readonly [Outcome, () => void] {
  const [outcome, setOutcome] = useState<Outcome>(undefined)
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
  return [outcome, () => void copy()]
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

/** The part of an id that people compare, which copies the whole. */
export function ShortId({ id }: { readonly id: string }) {
  const [outcome, copy] = useCopying(id)
  const short = id.slice(0, 8)
  return (
    <button
      type="button"
      title={`Copy ${id}`}
      aria-label={`Copy the id ${short}`}
      onClick={copy}
      className="group -mx-1 flex min-h-6 max-w-full items-center gap-1 rounded-sm px-1 font-mono text-tiny text-muted hover:bg-sunken hover:text-ink"
    >
      {outcome === undefined ? short : outcome === 'copied' ? 'Copied' : 'Not copied'}
      <svg
        viewBox="0 0 16 16"
        aria-hidden="true"
        className="size-3 fill-none stroke-current stroke-[1.4] opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100"
      >
        <path d="M5.5 5.5h7v8h-7zM3.5 10.5v-8h7" strokeLinejoin="round" />
      </svg>
      <output className="sr-only">{outcome === 'copied' ? 'Copied' : ''}</output>
    </button>
  )
}
