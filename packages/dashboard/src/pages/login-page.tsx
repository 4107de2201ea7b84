// `/login`
import { Link, Redirect, useLocation, useSearch } from 'wouter'

import { loginErrorCodes, type LoginErrorCode, type User } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { LoginForm } from '../session/login-form.tsx'
import { LoginMethods } from '../session/login-methods.tsx'
import { useSession } from '../session/session.tsx'
import { AuthPage } from '../ui/auth-card.tsx'
import { readReturnPath } from '../shell/return-path.ts'
import { Notice } from '../ui/notice.tsx'

export function LoginPage() {
  const { client } = useServices()
  const { session, enter } = useSession()
  const [, navigate] = useLocation()
  const search = useSearch()
  const returnPath = readReturnPath(search)
  const refusal = refusalIn(search)
  const { data: methods } = useQuery({ key: ['login-methods'], ask: client.showLoginMethods })
  if (session.state === 'in') return <Redirect to={returnPath} replace />

  function go(user: User): void {
    enter(user)
    navigate(returnPath, { replace: true })
  }

  return (
    <AuthPage title="Log in to Hallpass">
      {methods?.setup_needed === true && (
        <Notice>
          There are no accounts yet. Open the setup link that Hallpass printed when it started, or{' '}
          <Link href="/setup" className="underline underline-offset-2">
            {' '}
            enter the code{' '}
          </Link>
          .
        </Notice>
      )}
      {refusal !== undefined && (
        <Notice tone="bad" alert>
          {refusal}
        </Notice>
      )}
      <LoginForm onEntered={go} />
      <Link
        href="/reset"
        className="-mt-3 self-start text-small text-muted underline underline-offset-2 hover:text-ink"
      >
        Forgot your password?
      </Link>
      <LoginMethods returnPath={returnPath} onEntered={go} />
    </AuthPage>
  )
}

const refusals: Readonly<Record<LoginErrorCode, string>> = {
  oidc_denied: 'The login at the provider was cancelled.',
  oidc_failed: 'The login at the provider failed. Try again or log in another way.',
  oidc_no_account: 'That account has no access here. Ask for an invitation.',
  oidc_other_identity: 'This email address belongs to another account at the provider. Log in another way.',
  oidc_state: 'The login took too long, or it started in another browser. Try again.',
  oidc_unavailable: 'The provider does not answer. Try again later or log in another way.',
  oidc_unverified_email: 'The provider has not verified your email address.',
  rate_limited: 'Too many logins at once. Try again in a minute.',
}

/** Why the organisation's own login did not let somebody in. */
function refusalIn(search: string): string | undefined {
  const told = new URLSearchParams(search).get('error')
  if (told === null) return undefined
  return refusals[loginErrorCodes.find((code) => code === told) ?? 'oidc_failed']
}
