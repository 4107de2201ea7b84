// Logging in: the same form on its page and where a session ended.
import { useState } from 'react'

import type { User } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useMutation } from '../api/use-query.ts'
import { Button } from '../ui/button.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { PasswordField, TextField } from '../ui/field.tsx'
import { FailureNotice } from '../ui/notice.tsx'

interface LoginFormProps {
  readonly email?: string
  readonly onEntered: (user: User) => void
}

export function LoginForm({ email: given = '', onEntered }: LoginFormProps) {
  const { web } = useServices()
  const [email, setEmail] = useState(given)
  const [password, setPassword] = useState('')
  const login = useMutation({ run: web.logIn, onSuccess: onEntered })
  const { error } = login
  const emailError = fieldError(error, 'email')
  const passwordError = fieldError(error, 'password')
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        login.mutate({ email, password })
      }}
    >
      <FailureNotice error={emailError === undefined && passwordError === undefined ? error : null} />
      <TextField
        label="Email"
        type="email"
        autoComplete="username webauthn"
        required
        value={email}
        error={emailError}
        onChange={(event) => setEmail(event.target.value)}
      />
      <PasswordField
        label="Password"
        autoComplete="current-password"
        required
        value={password}
        error={passwordError}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button type="submit" kind="primary" busy={login.isPending}>
        Log in
      </Button>
    </form>
  )
}
