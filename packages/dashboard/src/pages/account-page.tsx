// `/account`: what concerns one person alone.
import { Address } from '../account/address.tsx'
import { DeleteAccount } from '../account/delete-account.tsx'
import { Passkeys } from '../account/passkeys.tsx'
import { Password } from '../account/password.tsx'
import { Sessions } from '../account/sessions.tsx'
import { useSession } from '../session/session.tsx'
import { PageHeader } from '../shell/page-header.tsx'

export function AccountPage() {
  const { session } = useSession()
  const email = session.state === 'in' || session.state === 'ended' ? session.user.email : ''
  return (
    <>
      <PageHeader title="Account" lead={email} />
      <Address email={email} />
      <Password email={email} />
      <Passkeys />
      <Sessions />
      <DeleteAccount email={email} />
    </>
  )
}
