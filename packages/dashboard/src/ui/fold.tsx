// Content that is folded until somebody opens it.
import type { ReactNode } from 'react'

import { joinClasses } from './classes.ts'

interface FoldProps {
  readonly title: string
  readonly className?: string
  readonly onToggle?: (isOpen: boolean) => void
  readonly children: ReactNode
}

export function Fold({ title, className, onToggle, children }: FoldProps) {
  return (
    <details className="group" onToggle={(event) => onToggle?.(event.currentTarget.open)}>
      <summary className={joinClasses('flex items-center gap-2 rounded-control text-muted hover:text-ink', className)}>
        <svg
          viewBox="0 0 16 16"
          aria-hidden="true"
          className="size-4 shrink-0 fill-none stroke-current stroke-[1.5] transition-transform group-open:rotate-90"
        >
          <path d="m6 4 4 4-4 4" strokeLinecap="round" strokeLinejoin="round" />
        </svg>
        {title}
      </summary>
      {children}
    </details>
  )
}
