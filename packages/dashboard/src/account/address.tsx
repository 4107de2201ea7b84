// Whether the person's address is proven, and how to prove it.
import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { Button } from '../ui/button.tsx'
import { FailureNotice, Notice } from '../ui/notice.tsx'

/** Nothing where it is. */
export function Address({ email }: { readonly email: string }) {
  const { client } = useServices()
  const me = useQuery({ key: ['me', 'details'], ask: () => client.showCurrentUser() })
  const { data: methods } = useQuery({ key: ['login-methods'], ask: client.showLoginMethods })
  const request = useMutation({ run: () => client.requestPasswordReset({ email }) })
  if (me.data?.email_proven !== false) return null
  return (
    <Notice tone="warn" className="mb-8">
      <div className="flex flex-col items-start gap-3">
        <p>
          You have not proven that {email} is your address, so others see it as unproven. To prove it,{' '}
          {methods?.mail === true ? 'ask for a link by mail' : 'ask the operator of this Hallpass for a link'} and set a
          new password with it. This ends every login, passkey and password of this account.
        </p>
        <FailureNotice error={request.error} />
        {methods?.mail === true && (
          <Button size="small" busy={request.isPending} onClick={() => request.mutate()}>
            Send the link
          </Button>
        )}
        <output>{request.isSuccess ? `A link is on its way to ${email}.` : ''}</output>
      </div>
    </Notice>
  )
}
