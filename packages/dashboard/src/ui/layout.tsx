// The pieces that pages are put together from.
import type { ReactNode } from 'react'
import { Link } from 'wouter'

import { joinClasses } from './classes.ts'

/** The way back to the list that a page belongs to. */
export function BackLink({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  return (
    <Link href={href} className="mb-3 inline-block text-muted hover:text-ink hover:underline">
      ← {children}
    </Link>
  )
}

interface SectionProps {
  readonly title: string
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

export function Section({ title, lead, actions, children }: SectionProps) {
  return (
    <section className="mt-10 first:mt-0">
      <div className="mb-4 flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
        <div className="flex min-w-0 flex-col gap-0.5">
          <h2 className="text-large font-semibold">{title}</h2>
          {lead !== undefined && <div className="max-w-160 text-muted wrap-anywhere">{lead}</div>}
        </div>
        {actions}
      </div>
      {children}
    </section>
  )
}

/** A list of things, each with a name, a note and actions. */
export function Rows({ children }: { readonly children: ReactNode }) {
  return <ul className="divide-y divide-line border-y border-line">{children}</ul>
}

interface RowProps {
  readonly name: string
  /** Beside the name. */
  readonly tags?: ReactNode
  /** Below the name. */
  readonly note: ReactNode
  /** What can be done with it. */
  readonly children?: ReactNode
}

export function Row({ name, tags, note, children }: RowProps) {
  return (
    <li className="flex min-h-16 flex-wrap items-center gap-x-4 gap-y-2 py-2.5">
      <div className="min-w-0 flex-1 basis-32">
        <p className="flex min-w-0 items-center gap-2">
          <span className="truncate font-medium" title={name}>
            {name}
          </span>
          {tags}
        </p>
        <p className="text-small text-muted wrap-anywhere">{note}</p>
      </div>
      <div className="ml-auto flex min-w-0 flex-wrap items-center justify-end gap-x-4 gap-y-2">{children}</div>
    </li>
  )
}

interface EmptyProps {
  readonly title: string
  /** What to do next. */
  readonly children: ReactNode
}

/** An empty list, which is no error. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div className="flex flex-col items-center gap-1.5 rounded-card border border-dashed border-edge px-6 py-12 text-center">
      <p className="text-large font-medium">{title}</p>
      <div className="max-w-100 text-muted">{children}</div>
    </div>
  )
}

/** What is known of one thing: names on the left, values on the right. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className="@container divide-y divide-line border-y border-line">{children}</dl>
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="grid items-center gap-x-4 py-2.5 @[17rem]:grid-cols-[6.5rem_minmax(0,1fr)] @lg:grid-cols-[10rem_minmax(0,1fr)] @lg:gap-x-6">
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  )
}

const dots = {
  good: 'bg-accent',
  bad: 'bg-danger',
  off: 'bg-muted',
  busy: 'bg-warn',
} as const

export function State({ tone, children }: { readonly tone: keyof typeof dots; readonly children: ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span aria-hidden="true" className={joinClasses('size-1.5 rounded-full', dots[tone])} />
      {children}
    </span>
  )
}

/** A short label that distinguishes an item. */
export function Tag({ children }: { readonly children: ReactNode }) {
  return (
    <span className="rounded-full border border-line px-2 py-px text-tiny whitespace-nowrap text-muted">
      {children}
    </span>
  )
}
