// The narrow column in which people enter: mark, heading, form.
import type { ReactNode } from 'react'

import { Mark } from './mark.tsx'
import { ThemeToggle } from './theme-toggle.tsx'

interface AuthCardProps {
  readonly title: string
  readonly titleId?: string
  readonly lead?: ReactNode
  readonly children?: ReactNode
}

export function AuthCard({ title, titleId, lead, children }: AuthCardProps) {
  return (
    <div className="flex min-h-dvh flex-col items-center px-5 pt-[12vh] pb-10">
      <div className="flex w-full max-w-88 flex-col gap-7">
        <div className="flex flex-col gap-4">
          <Mark className="h-9 self-start" />
          <div className="flex flex-col gap-1.5">
            <h1 id={titleId} className="text-title font-semibold tracking-tight text-balance wrap-anywhere">
              {title}
            </h1>
            {lead !== undefined && <p className="text-muted wrap-anywhere">{lead}</p>}
          </div>
        </div>
        {children}
      </div>
      <div className="mt-auto pt-10">
        <ThemeToggle />
      </div>
    </div>
  )
}

/** The same as a page of its own. */
export function AuthPage(props: Omit<AuthCardProps, 'titleId'>) {
  return (
    <main id="main">
      <title>{`${props.title} · Hallpass`}</title>
      <AuthCard {...props} />
    </main>
  )
}
