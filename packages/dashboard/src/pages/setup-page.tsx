// `/setup#CODE`: the first account of an authority.
import { useState } from 'react'
import { useLocation } from 'wouter'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { SignUpForm } from '../session/sign-up-form.tsx'
import { useSession } from '../session/session.tsx'
import { AuthPage } from '../ui/auth-card.tsx'
import { useFragmentCode } from '../shell/fragment-code.ts'
import { LinkButton } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'

export function SetupPage() {
  const { client } = useServices()
  const { enter } = useSession()
  const [, navigate] = useLocation()
  const given = useFragmentCode()
  const [code, setCode] = useState(given)
  const { data: methods } = useQuery({ key: ['login-methods'], ask: client.showLoginMethods })
  if (methods?.setup_needed === false) {
    return (
      <AuthPage title="Hallpass is set up already" lead="The first account exists. Others join by invitation.">
        <LinkButton href="/login" kind="primary">
          Log in
        </LinkButton>
      </AuthPage>
    )
  }
  return (
    <AuthPage title="Set up Hallpass" lead="Create the first account. It can invite other people.">
      <SignUpForm
        admission={{ setup_code: code }}
        action="Create account"
        onEntered={(user) => {
          enter(user)
          navigate('/', { replace: true })
        }}
        before={
          given === '' && (
            <TextField
              label="Setup code"
              required
              autoComplete="off"
              spellCheck={false}
              hint="Hallpass printed it when it started."
              value={code}
              onChange={(event) => setCode(event.target.value.trim())}
            />
          )
        }
      />
    </AuthPage>
  )
}
