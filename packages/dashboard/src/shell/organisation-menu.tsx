// The current organisation, and a menu to switch.
import { useRef, useState } from 'react'
import { Link } from 'wouter'

import { lazily, Part } from '../ui/part.tsx'
import { Popover, popoverItemClasses } from '../ui/popover.tsx'

const OrganisationSwitcher = lazily(() => import('./organisation-switcher.tsx'), 'OrganisationSwitcher')

interface OrganisationMenuProps {
  readonly slug: string
  /** Undefined while it is not known. */
  readonly name: string | undefined
}

export function OrganisationMenu({ slug, name }: OrganisationMenuProps) {
  const content = useRef<HTMLDivElement>(null)
  const [isOpen, setOpen] = useState(false)
  if (name === undefined) return <div className="skeleton h-9 min-w-0 flex-1" />
  return (
    <Popover
      label={`Organization ${name}: switch`}
      className="flex h-9 w-full min-w-0 items-center gap-2 rounded-control border border-line bg-raised px-2.5 text-base font-medium hover:border-edge"
      onToggle={setOpen}
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
      <div ref={content} className="w-80 max-w-full">
        {isOpen && (
          <Part fallback={<div className="skeleton h-40" />}>
            <OrganisationSwitcher
              slug={slug}
              onLeave={() => content.current?.closest<HTMLElement>('[popover]')?.hidePopover()}
            />
          </Part>
        )}
      </div>
      <div className="-mx-1.5 my-1.5 border-t border-line" />
      <Link href="/orgs" className={popoverItemClasses}>
        All organizations
      </Link>
    </Popover>
  )
}
