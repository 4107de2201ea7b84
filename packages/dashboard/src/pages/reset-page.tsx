// `/reset`: asks for a link by mail; `/reset#CODE`: sets a new password with the code of such a link.
import { useState } from 'react'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { AuthPage } from '../ui/auth-card.tsx'
import { useFragmentCode } from '../shell/fragment-code.ts'
import { LinkButton } from '../ui/button.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { NewPasswordField, TextField } from '../ui/field.tsx'
import { ActionForm } from '../ui/form.tsx'
import { Notice } from '../ui/notice.tsx'

export function ResetPage() {
  const code = useFragmentCode()
  return code === '' ? <AskForLink /> : <SetPassword code={code} />
}

function AskForLink() {
  const { client } = useServices()
  const { data: methods } = useQuery({ key: ['login-methods'], ask: client.showLoginMethods })
  const [email, setEmail] = useState('')
  const request = useMutation({ run: () => client.requestPasswordReset({ email }) })
  if (methods?.mail === false) {
    return (
      <AuthPage
        title="Reset your password"
        lead="This Hallpass sends no mail. Ask its operator for a link to set a new password."
      >
        <LinkButton href="/login">Back to the login</LinkButton>
      </AuthPage>
    )
  }
  return (
    <AuthPage title="Reset your password" lead="You get a link by mail to set a new password.">
      <ActionForm action="Send the link" request={request} fields={['email']} onSubmit={() => request.mutate()}>
        <TextField
          label="Email"
          type="email"
          autoComplete="username"
          required
          value={email}
          error={fieldError(request.error, 'email')}
          onChange={(event) => setEmail(event.target.value)}
        />
      </ActionForm>
      <output className="text-muted wrap-anywhere">
        {request.isSuccess ? `If ${email} has an account, a link is on its way. It works for an hour.` : ''}
      </output>
      <LinkButton href="/login">Back to the login</LinkButton>
    </AuthPage>
  )
}

function SetPassword({ code }: { readonly code: string }) {
  const { client } = useServices()
  const [password, setPassword] = useState('')
  const setting = useMutation({ run: () => client.resetPassword({ code, new_password: password }) })
  if (setting.data !== undefined) {
    return (
      <AuthPage title="The new password is set" lead={`You can log in as ${setting.data.email} with it.`}>
        <LinkButton href="/login" kind="primary">
          Log in
        </LinkButton>
      </AuthPage>
    )
  }
  return (
    <AuthPage title="Set a new password" lead="This ends all logins and removes all passkeys of the account.">
      <ActionForm action="Set password" request={setting} fields={['new_password']} onSubmit={() => setting.mutate()}>
        <NewPasswordField
          label="New password"
          value={password}
          error={fieldError(setting.error, 'new_password')}
          onChange={(event) => setPassword(event.target.value)}
        />
      </ActionForm>
      <Notice>By using this link you prove that the address is yours.</Notice>
    </AuthPage>
  )
}
