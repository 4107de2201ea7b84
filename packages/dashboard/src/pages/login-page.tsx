// `/login`
import { Redirect, useLocation, useSearch } from 'wouter'

import { LoginForm } from '../session/login-form.tsx'
import { useSession } from '../session/session.tsx'
import { AuthPage } from '../shell/auth-card.tsx'
import { readReturnPath } from '../shell/return-path.ts'

export function LoginPage() {
  const { session, enter } = useSession()
  const [, navigate] = useLocation()
  const returnPath = readReturnPath(useSearch())
  if (session.state === 'in') return <Redirect to={returnPath} replace />
  return (
    <AuthPage title="Log in to Hallpass">
      <LoginForm
        onEntered={(user) => {
          enter(user)
          navigate(returnPath, { replace: true })
        }}
      />
    </AuthPage>
  )
}
