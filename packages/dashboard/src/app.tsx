// The pages and their addresses.
import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense, useState, type ComponentType } from 'react'
import { Redirect, Route, Switch } from 'wouter'

import { createClient } from '@hallpass/client'

import { createQueries } from './api/queries.ts'
import { ServicesContext } from './api/services.tsx'
import { createWeb } from './api/web.ts'
import { LoginPage } from './pages/login-page.tsx'
import { NotFoundPage } from './pages/not-found-page.tsx'
import { SessionEnded } from './session/session-ended.tsx'
import { SessionProvider, sessionKey, useSession } from './session/session.tsx'
import { ErrorBoundary } from './shell/error-boundary.tsx'
import { TakeFirstContext, createTakeFirst } from './shell/page-header.tsx'
import { Shell } from './shell/shell.tsx'
import { PageSkeleton } from './ui/skeleton.tsx'

const OrganisationsPage = lazily(() => import('./pages/organisations-page.tsx'), 'OrganisationsPage')

/** @param origin the address of the authority, which serves this page too */
export function App({ origin }: { readonly origin: string }) {
  const [queries] = useState(() => createQueries(sessionKey))
  const [services] = useState(() => ({
    client: createClient({ url: origin }),
    web: createWeb((...request) => fetch(...request)),
    origin,
  }))
  const [takeFirst] = useState(createTakeFirst)
  return (
    <ServicesContext value={services}>
      <QueryClientProvider client={queries}>
        <TakeFirstContext value={takeFirst}>
          <ErrorBoundary>
            <SessionProvider>
              <Pages />
              <Ended />
            </SessionProvider>
          </ErrorBoundary>
        </TakeFirstContext>
      </QueryClientProvider>
    </ServicesContext>
  )
}

function Pages() {
  return (
    <Switch>
      <Route path="/login" component={LoginPage} />
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
      <Route path="/dashboard/:org">{({ org }) => <Redirect to={`/dashboard/${org}/tokens`} replace />}</Route>
      <Route component={NotFoundPage} />
    </Switch>
  )
}

function Ended() {
  const { session } = useSession()
  return session.state === 'ended' ? <SessionEnded user={session.user} /> : null
}

/** A page that comes in a file of its own; its face until then has the size of a page. */
function Loaded({ page: Page }: { readonly page: ComponentType }) {
  return (
    <ErrorBoundary>
      <Suspense fallback={<PageSkeleton />}>
        <Page />
      </Suspense>
    </ErrorBoundary>
  )
}

/** A component of a file that is fetched when it is first shown. */
function lazily<Name extends string>(
  load: () => Promise<{ readonly [N in Name]: ComponentType }>,
  name: Name,
): ComponentType {
  return lazy<ComponentType>(async () => ({ default: (await load())[name] }))
}
