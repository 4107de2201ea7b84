// Who is logged in, and what concerns them alone.
import { useMutation } from '../session/use-mutation.ts'
import { Link } from 'wouter'

import type { User } from '@hallpass/client'

import { useSession } from '../session/session.tsx'
import { describeFailure } from '../ui/failure-words.ts'
import { Popover, popoverItemClasses } from '../ui/popover.tsx'
import { ThemeToggle } from '../ui/theme-toggle.tsx'

export function AccountMenu({ user }: { readonly user: User }) {
  const { logOut } = useSession()
  const leaving = useMutation({ run: () => logOut() })
  return (
    <div className="flex min-w-0 items-center gap-1">
      <Popover
        className="flex h-9 min-w-0 flex-1 items-center gap-2 rounded-control px-2 text-small text-muted hover:bg-sunken hover:text-ink"
        button={
          <>
            <span
              aria-hidden="true"
              data-initial={user.email.charAt(0)}
              className="grid size-6 shrink-0 place-items-center rounded-full bg-accent-soft text-tiny font-semibold text-accent uppercase before:content-[attr(data-initial)]"
            />
            <span className="sr-only">Account of </span>
            <span className="truncate max-wide:sr-only">{user.email}</span>
          </>
        }
      >
        <p className="truncate px-2.5 pt-1 pb-2 text-small text-muted wide:hidden">{user.email}</p>
        <Link href="/account" className={popoverItemClasses}>
          Account
        </Link>
        <Link href="/orgs" className={popoverItemClasses}>
          All organizations
        </Link>
        <ThemeToggle isItem />
        <button
          type="button"
          disabled={leaving.isPending}
          onClick={() => leaving.mutate()}
          className={popoverItemClasses}
        >
          Log out
        </button>
        {leaving.error !== null && (
          <p role="alert" className="max-w-56 px-2.5 py-1.5 text-small text-danger">
            {describeFailure(leaving.error)}
          </p>
        )}
      </Popover>
      <ThemeToggle className="hidden wide:grid" />
    </div>
  )
}
