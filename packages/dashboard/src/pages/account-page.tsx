// `/account`: what concerns one person alone.
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
      <Password email={email} />
      <Passkeys />
      <Sessions />
    </>
  )
}
