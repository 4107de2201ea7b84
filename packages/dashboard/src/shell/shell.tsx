// The frame around every page of somebody who is logged in: where they are, where they can go, who they are.
import type { ReactNode } from 'react'
import { Link, Redirect, useLocation, useSearch } from 'wouter'

import type { User } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useSession } from '../session/session.tsx'
import { LinkButton } from '../ui/button.tsx'
import { Failure } from '../ui/failure.tsx'
import { Mark } from '../ui/mark.tsx'
import { ThemeToggle } from '../ui/theme-toggle.tsx'
import { AccountMenu } from './account-menu.tsx'
import { OfflineBar } from './offline-bar.tsx'
import { OrganisationMenu } from './organisation-menu.tsx'
import { OwnInvitationsBar } from './own-invitations-bar.tsx'
import { PaletteButton } from './palette-button.tsx'
import { pages } from './pages.ts'
import { loginPath } from './return-path.ts'

interface ShellProps {
  /** The organisation whose pages these are; none on the pages of a person. */
  readonly slug?: string | undefined
  readonly children: ReactNode
}

/** Only for people who are logged in: others go to the login page first, and come back. */
export function Shell({ slug, children }: ShellProps) {
  const { session } = useSession()
  const [path] = useLocation()
  const search = useSearch()
  if (session.state === 'out') {
    return <Redirect to={loginPath(search === '' ? path : `${path}?${search}`)} replace />
  }
  if (session.state === 'unknown') {
    return (
      <main id="main" className="mx-auto max-w-140 px-5 py-24">
        <Failure what="Hallpass" error={session.error} onRetry={session.retry} />
      </main>
    )
  }
  return (
    <Frame slug={slug} user={session.state === 'asking' ? undefined : session.user}>
      {session.state === 'asking' ? null : children}
    </Frame>
  )
}

/** Also for people who are not: the same frame without personal data. */
export function PublicShell({ children }: { readonly children: ReactNode }) {
  const { session } = useSession()
  if (session.state === 'in' || session.state === 'ended') return <Shell>{children}</Shell>
  if (session.state === 'asking') return null
  return (
    <div className="min-h-dvh">
      <header className="flex min-h-14 flex-wrap items-center justify-between gap-x-4 border-b border-line bg-side px-4 narrow:px-8">
        <Link href="/" className="flex items-center gap-2 rounded-control text-large font-semibold tracking-tight">
          <Mark />
          Hallpass
        </Link>
        <div className="flex items-center gap-2">
          <ThemeToggle />
          <LinkButton href="/login" size="small">
            Log in
          </LinkButton>
        </div>
      </header>
      <main id="main" tabIndex={-1} className="mx-auto max-w-260 px-4 pt-7 pb-20 narrow:px-8">
        {children}
      </main>
    </div>
  )
}

function Frame({ slug, user, children }: ShellProps & { readonly user: User | undefined }) {
  const { client } = useServices()
  const isKnown = user !== undefined
  const home = slug ?? 'personal'
  const organisation = useQuery({
    key: ['org', home],
    ask: () => client.showOrganisation({ org_slug: home }),
    enabled: isKnown,
  })
  const name = organisation.data?.name ?? (organisation.error === null ? undefined : home)
  return (
    <div className="flex min-h-dvh flex-col wide:grid wide:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only z-10 rounded-control bg-accent px-3.5 py-2 font-medium text-on-accent focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
      >
        Skip to content
      </a>
      <header className="flex flex-wrap items-center gap-x-2 border-b border-line bg-side wide:sticky wide:top-0 wide:h-dvh wide:flex-col wide:flex-nowrap wide:items-stretch wide:border-r wide:border-b-0 wide:px-3">
        <Link
          href="/"
          aria-label="Hallpass"
          className="flex h-14 items-center gap-2 rounded-control pl-4 text-large font-semibold tracking-tight wide:h-16 wide:pl-2"
        >
          <Mark />
          <span className="hidden wide:inline">Hallpass</span>
        </Link>
        <div className="flex min-w-0 flex-1 wide:flex-none">
          <OrganisationMenu key={home} slug={home} name={name} />
        </div>
        {isKnown && <PaletteButton slug={home} />}
        <nav aria-label="Main" className="order-last w-full wide:order-0 wide:mt-2">
          <ul className="flex flex-wrap gap-x-1 px-2 wide:flex-col wide:gap-0.5 wide:px-0">
            {pages.map(({ page, label }) => (
              <NavItem key={page} href={`/dashboard/${home}/${page}`} label={label} isHere={slug !== undefined} />
            ))}
            <li aria-hidden="true" className="hidden wide:my-2 wide:block wide:border-t wide:border-line" />
            <NavItem href="/inspect" label="Inspect a token" isHere />
          </ul>
        </nav>
        <div className="pr-2 wide:mt-auto wide:py-3 wide:pr-0">
          {user === undefined ? <div className="skeleton h-9 w-9 wide:w-full" /> : <AccountMenu user={user} />}
        </div>
      </header>
      <main id="main" tabIndex={-1} className="min-w-0 px-4 pt-7 pb-20 narrow:px-8 wide:px-10 wide:pt-10">
        <div className="mx-auto max-w-260">
          <OfflineBar />
          {isKnown && <OwnInvitationsBar />}
          {children}
        </div>
      </main>
    </div>
  )
}

interface NavItemProps {
  readonly href: string
  readonly label: string
  /** Whether the current page is below this address. */
  readonly isHere: boolean
}

function NavItem({ href, label, isHere }: NavItemProps) {
  const [path] = useLocation()
  const isCurrent = isHere && (path === href || path.startsWith(`${href}/`))
  return (
    <li>
      <Link
        href={href}
        aria-current={isCurrent ? 'page' : undefined}
        className="flex h-10 items-center border-b-2 text-small narrow:text-base border-transparent forced-colors:border-[color:Canvas] px-1.5 whitespace-nowrap text-muted narrow:px-2 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink wide:h-8 wide:rounded-control wide:border-b-0 wide:px-2.5 wide:hover:bg-sunken wide:aria-[current=page]:bg-accent-soft wide:aria-[current=page]:text-accent"
      >
        {label}
      </Link>
    </li>
  )
}
