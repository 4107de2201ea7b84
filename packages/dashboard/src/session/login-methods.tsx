// The other ways in, where the authority has them: a passkey, and the organisation's own login.

import type { User } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useMutation } from './use-mutation.ts'
import { Button, buttonClasses } from '../ui/button.tsx'
import { describeFailure } from '../ui/failure-words.ts'
import { FailureNotice, Notice } from '../ui/notice.tsx'
import { askForPasskey, hasPasskeys } from './passkey.ts'

interface LoginMethodsProps {
  /** Where the organisation's own login comes back to. */
  readonly returnPath: string
  readonly onEntered: (user: User) => void
}

export function LoginMethods({ returnPath, onEntered }: LoginMethodsProps) {
  const { client } = useServices()
  const { data, error, isFetching, refetch } = useQuery({ key: ['login-methods'], ask: client.showLoginMethods })
  const login = useMutation({
    async run() {
      const { challenge_id, options } = await client.beginPasskeySignIn()
      const response = await askForPasskey(options as unknown as PublicKeyCredentialRequestOptionsJSON)
      return client.webSignInWithPasskey({ challenge_id, response })
    },
    onSuccess: ({ user }) => onEntered(user),
  })
  if (data === undefined && error !== null) {
    return (
      <Notice tone="warn" alert className="flex flex-wrap items-center justify-between gap-3">
        <span>Other ways to log in could not be loaded. {describeFailure(error)}</span>
        <Button size="small" busy={isFetching} onClick={refetch}>
          Try again
        </Button>
      </Notice>
    )
  }
  const offersPasskeys = data?.passkeys === true && hasPasskeys()
  const oidc = data?.oidc ?? undefined
  if (!offersPasskeys && oidc === undefined) return null
  return (
    <div className="flex flex-col gap-3">
      <p className="flex items-center gap-3 text-small text-muted before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
        or
      </p>
      <FailureNotice error={login.error} />
      {offersPasskeys && (
        <Button busy={login.isPending} onClick={() => login.mutate()}>
          Log in with a passkey
        </Button>
      )}
      {oidc !== undefined && (
        <a href={`/web/oidc/start?return_to=${encodeURIComponent(returnPath)}`} className={buttonClasses({})}>
          <span className="truncate">Log in with {oidc.name}</span>
        </a>
      )}
    </div>
  )
}
