// Logging in: the same form on its page and where a session ended.
import { useState } from 'react'

import type { User } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useMutation } from './use-mutation.ts'
import { fieldError } from '../ui/failure-words.ts'
import { PasswordField, TextField } from '../ui/field.tsx'
import { ActionForm } from '../ui/form.tsx'

interface LoginFormProps {
  readonly email?: string
  readonly onEntered: (user: User) => void
}

export function LoginForm({ email: given = '', onEntered }: LoginFormProps) {
  const { client } = useServices()
  const [email, setEmail] = useState(given)
  const [password, setPassword] = useState('')
  const login = useMutation({ run: client.webSignIn, onSuccess: ({ user }) => onEntered(user) })
  const { error } = login
  return (
    <ActionForm
      action="Log in"
      request={login}
      fields={['email', 'password']}
      onSubmit={() => login.mutate({ email, password })}
    >
      <TextField
        label="Email"
        type="email"
        autoComplete="username webauthn"
        required
        value={email}
        error={fieldError(error, 'email')}
        onChange={(event) => setEmail(event.target.value)}
      />
      <PasswordField
        label="Password"
        autoComplete="current-password"
        required
        value={password}
        error={fieldError(error, 'password')}
        onChange={(event) => setPassword(event.target.value)}
      />
    </ActionForm>
  )
}
