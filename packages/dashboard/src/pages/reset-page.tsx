// `/reset`: asks for a link by mail; `/reset#CODE`: sets a new password with the code of such a link.
import { useState } from 'react'

import { useServices } from '../api/services.tsx'
import { useMutation, useQuery } from '../api/use-query.ts'
import { AuthPage } from '../shell/auth-card.tsx'
import { useFragmentCode } from '../shell/fragment-code.ts'
import { Button, LinkButton } from '../ui/button.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { PasswordField, TextField } from '../ui/field.tsx'
import { FailureNotice, Notice } from '../ui/notice.tsx'

export function ResetPage() {
  const code = useFragmentCode()
  return code === '' ? <AskForLink /> : <SetPassword code={code} />
}

function AskForLink() {
  const { client } = useServices()
  const { data: methods } = useQuery({ key: ['login-methods'], ask: client.loginMethods })
  const [email, setEmail] = useState('')
  const request = useMutation({ run: () => client.passwordResets.request(email) })
  const emailError = fieldError(request.error, 'email')
  if (methods?.mail === false) {
    return (
      <AuthPage
        title="A new password"
        lead="This Hallpass sends no mail. Whoever runs it makes you a link with which you set a new password."
      >
        <LinkButton href="/login">Back to the login</LinkButton>
      </AuthPage>
    )
  }
  return (
    <AuthPage title="A new password" lead="A link comes by mail, with which you set it.">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          request.mutate()
        }}
      >
        <FailureNotice error={emailError === undefined ? request.error : null} />
        <TextField
          label="Email"
          type="email"
          autoComplete="username"
          required
          value={email}
          error={emailError}
          onChange={(event) => setEmail(event.target.value)}
        />
        <Button type="submit" kind="primary" busy={request.isPending}>
          Send the link
        </Button>
        <output className="text-muted">
          {request.isSuccess ? `If there is an account of ${email}, a link is on its way. It is good for an hour.` : ''}
        </output>
      </form>
      <LinkButton href="/login">Back to the login</LinkButton>
    </AuthPage>
  )
}

function SetPassword({ code }: { readonly code: string }) {
  const { client } = useServices()
  const [password, setPassword] = useState('')
  const setting = useMutation({ run: () => client.passwordResets.redeem({ code, new_password: password }) })
  const passwordError = fieldError(setting.error, 'new_password')
  if (setting.data !== undefined) {
    return (
      <AuthPage title="The new password is set" lead={`It is the one of ${setting.data.email} now.`}>
        <LinkButton href="/login" kind="primary">
          Log in
        </LinkButton>
      </AuthPage>
    )
  }
  return (
    <AuthPage title="Set a new password" lead="It ends every other way into the account: logins and passkeys.">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          setting.mutate()
        }}
      >
        <FailureNotice error={passwordError === undefined ? setting.error : null} />
        <PasswordField
          label="New password"
          autoComplete="new-password"
          required
          minLength={8}
          hint="8 characters or more."
          value={password}
          error={passwordError}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button type="submit" kind="primary" busy={setting.isPending}>
          Set password
        </Button>
      </form>
      <Notice>Whoever opens this link shows that the address is theirs.</Notice>
    </AuthPage>
  )
}
