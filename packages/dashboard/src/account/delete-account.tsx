// Deletes the person's account.
import { useState } from 'react'

import { useServices } from '../api/services.tsx'
import { useMutation } from '../session/use-mutation.ts'
import { ProofDialog, needsProof } from '../session/proof-dialog.tsx'
import { useSession } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { Section } from '../ui/layout.tsx'

export function DeleteAccount({ email }: { readonly email: string }) {
  const { client } = useServices()
  const { logOut } = useSession()
  const [isAsking, setAsking] = useState(false)
  const deletion = useMutation({ run: () => client.deleteCurrentUser(), onSuccess: () => logOut() })
  const isProofNeeded = needsProof(deletion.error)
  return (
    <Section title="Delete the account" lead="This also deletes your personal organization, its apps and its tokens.">
      <Button kind="quiet-danger" className="-ml-3.5" onClick={() => setAsking(true)}>
        Delete account
      </Button>
      {isAsking && !isProofNeeded && (
        <ConfirmDialog
          title={`Delete the account of ${email}?`}
          action="Delete"
          request={deletion}
          onConfirm={() => deletion.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>You leave every organization. Your personal organization, its apps and its tokens are deleted.</p>
          <p>Tokens that you created in other organizations stay valid until someone revokes them there.</p>
        </ConfirmDialog>
      )}
      {isAsking && isProofNeeded && <ProofDialog onProven={() => deletion.mutate()} onClose={() => setAsking(false)} />}
    </Section>
  )
}
