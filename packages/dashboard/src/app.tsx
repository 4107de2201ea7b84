// The pages and their addresses.
import { Suspense, useEffect, useState, type ComponentType } from 'react'
import { Redirect, Route, Switch } from 'wouter'

import { createClient } from '@hallpass/client'
import forms from 'virtual:answer-forms'

import { ServicesContext } from './api/services.tsx'
import { createCleansingFetch } from './api/cleansing-fetch.ts'
import { createCheck } from './api/check-answer.ts'
import { LoginPage } from './pages/login-page.tsx'
import { NotFoundPage } from './pages/not-found-page.tsx'
import { SessionEnded } from './session/session-ended.tsx'
import { SessionProvider, useSession } from './session/session.tsx'
import { TakeFirstContext, createTakeFirst } from './shell/page-header.tsx'
import { OrganisationProvider } from './shell/organisation.tsx'
import { PublicShell, Shell } from './shell/shell.tsx'
import { Announcer } from './ui/announcer.tsx'
import { createClock } from './ui/clock.ts'
import { keepFocus } from './ui/keep-focus.ts'
import { lazily, PageBoundary } from './ui/part.tsx'
import { PageSkeleton } from './ui/skeleton.tsx'
import { NowProvider } from './ui/time.tsx'

const AccountPage = lazily(() => import('./pages/account-page.tsx'), 'AccountPage')
const AppsPage = lazily(() => import('./pages/apps-page.tsx'), 'AppsPage')
const AuditPage = lazily(() => import('./pages/audit-page.tsx'), 'AuditPage')
const CliPage = lazily(() => import('./pages/cli-page.tsx'), 'CliPage')
const DischargePage = lazily(() => import('./pages/discharge-page.tsx'), 'DischargePage')
const InspectPage = lazily(() => import('./pages/inspect-page.tsx'), 'InspectPage')
const InvitePage = lazily(() => import('./pages/invite-page.tsx'), 'InvitePage')
const AppMachinesPage = lazily(() => import('./pages/machines-page.tsx'), 'AppMachinesPage')
const MachinePage = lazily(() => import('./pages/machine-page.tsx'), 'MachinePage')
const MachinesPage = lazily(() => import('./pages/machines-page.tsx'), 'MachinesPage')
const MembersPage = lazily(() => import('./pages/members-page.tsx'), 'MembersPage')
const OrganisationsPage = lazily(() => import('./pages/organisations-page.tsx'), 'OrganisationsPage')
const ResetPage = lazily(() => import('./pages/reset-page.tsx'), 'ResetPage')
const SettingsPage = lazily(() => import('./pages/settings-page.tsx'), 'SettingsPage')
const SetupPage = lazily(() => import('./pages/setup-page.tsx'), 'SetupPage')
const TokenPage = lazily(() => import('./pages/token-page.tsx'), 'TokenPage')
const TokensPage = lazily(() => import('./pages/tokens-page.tsx'), 'TokensPage')
const TrustPage = lazily(() => import('./pages/trust-page.tsx'), 'TrustPage')

const { checkAnswer } = createCheck(forms)

/** @param origin the address of the authority, which serves this page too */
export function App({ origin }: { readonly origin: string }) {
  useEffect(() => keepFocus(document), [])
  const [clock] = useState(() => createClock())
  const [services] = useState(() => ({
    client: createClient({
      url: origin,
      userAgent: '',
      fetch: createCleansingFetch(clock.follow((...request) => fetch(...request))),
      checkAnswer,
    }),
    origin,
  }))
  const [takeFirst] = useState(createTakeFirst)
  return (
    <ServicesContext value={services}>
      <TakeFirstContext value={takeFirst}>
        <PageBoundary>
          <Announcer>
            <NowProvider clock={clock}>
              <SessionProvider>
                <Pages />
                <Ended />
              </SessionProvider>
            </NowProvider>
          </Announcer>
        </PageBoundary>
      </TakeFirstContext>
    </ServicesContext>
  )
}

function Pages() {
  return (
    <Switch>
      <Route path="/login" component={LoginPage} />
      <Route path="/setup">
        <Loaded page={SetupPage} />
      </Route>
      <Route path="/reset">
        <Loaded page={ResetPage} />
      </Route>
      <Route path="/invite">
        <Loaded page={InvitePage} />
      </Route>
      <Route path="/cli/:id">
        <Loaded page={CliPage} />
      </Route>
      <Route path="/discharge/:id">
        <Loaded page={DischargePage} />
      </Route>
      <Route path="/inspect">
        <PublicShell>
          <Loaded page={InspectPage} />
        </PublicShell>
      </Route>
      <Route path="/">
        <Shell>
          <Redirect to="/dashboard/personal/tokens" replace />
        </Shell>
      </Route>
      <Route path="/orgs">
        <Shell>
          <Loaded page={OrganisationsPage} />
        </Shell>
      </Route>
      <Route path="/account">
        <Shell>
          <Loaded page={AccountPage} />
        </Shell>
      </Route>
      <Route path="/dashboard">
        <Redirect to="/" replace />
      </Route>
      <Route path="/dashboard/:org">{({ org }) => <Redirect to={`/dashboard/${org}/tokens`} replace />}</Route>
      <Route path="/dashboard/:org/tokens/:id">{({ org }) => <OrganisationPage slug={org} page={TokenPage} />}</Route>
      <Route path="/dashboard/:org/machines/:app/:id">
        {({ org }) => <OrganisationPage slug={org} page={MachinePage} />}
      </Route>
      <Route path="/dashboard/:org/machines/:app">
        {({ org }) => <OrganisationPage slug={org} page={AppMachinesPage} />}
      </Route>
      <Route path="/dashboard/:org/:page">
        {({ org, page }) => {
          const found = organisationPages.get(page)
          return found === undefined ? <NotFoundPage /> : <OrganisationPage slug={org} page={found} />
        }}
      </Route>
      <Route component={NotFoundPage} />
    </Switch>
  )
}

const organisationPages: ReadonlyMap<string, ComponentType> = new Map([
  ['tokens', TokensPage],
  ['apps', AppsPage],
  ['machines', MachinesPage],
  ['members', MembersPage],
  ['trust', TrustPage],
  ['audit', AuditPage],
  ['settings', SettingsPage],
])

/** A page of one organisation: it is a new page for another one, and keeps no state. */
function OrganisationPage({ slug, page }: { readonly slug: string; readonly page: ComponentType }) {
  return (
    <Shell slug={slug}>
      <OrganisationProvider key={slug} slug={slug}>
        <Loaded page={page} />
      </OrganisationProvider>
    </Shell>
  )
}

function Ended() {
  const { session } = useSession()
  return session.state === 'ended' ? <SessionEnded user={session.user} /> : null
}

/** A page in a file of its own; until it is loaded, a skeleton has its size. */
function Loaded({ page: Page }: { readonly page: ComponentType }) {
  return (
    <PageBoundary>
      <Suspense fallback={<PageSkeleton />}>
        <Page />
      </Suspense>
    </PageBoundary>
  )
}
