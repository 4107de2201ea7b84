// What a person should know at this place: a hint, a warning, something that went wrong.
import type { ReactNode } from 'react'

import { joinClasses } from './classes.ts'
import { describeFailure, fieldError } from './failure-words.ts'

const tones = {
  plain: 'border-line bg-side text-ink',
  good: 'border-accent/30 bg-accent-soft text-ink',
  warn: 'border-warn/30 bg-warn-soft text-ink',
  bad: 'border-danger/30 bg-danger-soft text-ink',
} as const

interface NoticeProps {
  readonly tone?: keyof typeof tones
  /** Read out as soon as it appears. */
  readonly alert?: boolean
  readonly className?: string
  readonly children: ReactNode
}

export function Notice({ tone = 'plain', alert = false, className, children }: NoticeProps) {
  return (
    <div
      role={alert ? 'alert' : undefined}
      className={joinClasses('rounded-control border px-3.5 py-2.5 text-base wrap-anywhere', tones[tone], className)}
    >
      {children}
    </div>
  )
}

interface FailureNoticeProps {
  /** Null if nothing went wrong: then there is no notice. */
  readonly error: Error | null
  /** The fields that show their own errors: these are not repeated here. */
  readonly fields?: readonly string[] | undefined
  readonly className?: string
}

/** The error of an action, announced as soon as it appears. */
export function FailureNotice({ error, fields, className }: FailureNoticeProps) {
  if (error === null || fields?.some((field) => fieldError(error, field) !== undefined) === true) return null
  return (
    <Notice tone="bad" alert {...(className === undefined ? {} : { className })}>
      {describeFailure(error)}
    </Notice>
  )
}
