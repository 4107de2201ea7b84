// The heading of a page, which gets the focus after navigation.
import { createContext, use, useEffect, useRef, type ReactNode } from 'react'

/** True the first time that it is asked: the first page leaves the focus where the browser has it. */
export const TakeFirstContext = createContext<() => boolean>(() => true)

export function createTakeFirst(): () => boolean {
  let isFirst = true
  return () => {
    const was = isFirst
    isFirst = false
    return was
  }
}

interface PageHeaderProps {
  readonly title: string
  readonly lead?: ReactNode
  readonly actions?: ReactNode
}

export function PageHeader({ title, lead, actions }: PageHeaderProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const takeFirst = use(TakeFirstContext)
  useEffect(() => {
    if (!takeFirst()) heading.current?.focus({ preventScroll: true })
  }, [takeFirst])
  return (
    <div className="mb-7 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <title>{`${title} · Hallpass`}</title>
      <div className="flex min-w-0 flex-col gap-1">
        <h1 ref={heading} tabIndex={-1} className="text-title font-semibold tracking-tight wrap-anywhere">
          {title}
        </h1>
        {lead !== undefined && <div className="max-w-160 text-muted wrap-anywhere">{lead}</div>}
      </div>
      {actions}
    </div>
  )
}
