// The current organisation, and a menu to switch.
import { Link } from 'wouter'

import type { Organisation } from '@hallpass/client'

import { Popover, popoverItemClasses } from '../ui/popover.tsx'

interface OrganisationMenuProps {
  readonly slug: string
  readonly organisations: readonly Organisation[] | undefined
}

export function OrganisationMenu({ slug, organisations }: OrganisationMenuProps) {
  const current = organisations?.find((each) => each.slug === slug || each.raw_slug === slug)
  if (organisations === undefined) return <div className="skeleton h-9 min-w-0 flex-1" />
  const name = current?.name ?? slug
  return (
    <Popover
      label={`Organization ${name}: switch`}
      className="flex h-9 w-full min-w-0 items-center gap-2 rounded-control border border-line bg-raised px-2.5 text-base font-medium hover:border-edge"
      button={
        <>
          <span className="min-w-0 flex-1 truncate text-left" title={name}>
            {name}
          </span>
          <svg
            viewBox="0 0 16 16"
            aria-hidden="true"
            className="size-4 shrink-0 fill-none stroke-current stroke-[1.5] text-muted"
          >
            <path d="m5 6.2 3-3 3 3M5 9.8l3 3 3-3" strokeLinecap="round" strokeLinejoin="round" />
          </svg>
        </>
      }
    >
      <ul>
        {organisations.map((each) => (
          <li key={each.raw_slug}>
            <Link
              href={`/dashboard/${each.slug}/tokens`}
              aria-current={each === current ? 'true' : undefined}
              className={popoverItemClasses}
            >
              <span className="min-w-0 flex-1 wrap-anywhere">{each.name}</span>
              <span className="max-w-1/2 font-mono text-tiny text-muted wrap-anywhere">{each.slug}</span>
            </Link>
          </li>
        ))}
      </ul>
      <div className="-mx-1.5 my-1.5 border-t border-line" />
      <Link href="/orgs" className={popoverItemClasses}>
        All organizations
      </Link>
    </Popover>
  )
}
