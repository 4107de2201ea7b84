// Asks before a token is revoked, names it, and says what went with it.

import { useState } from 'react'

import type { RevokedToken, Token } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { Button } from '../ui/button.tsx'
import { Check } from '../ui/choice.tsx'
import { ConfirmDialog, Dialog } from '../ui/dialog.tsx'

interface RevokeDialogProps {
  readonly token: Token
  readonly slug: string
  readonly onClose: () => void
}

export function RevokeDialog({ token, slug, onClose }: RevokeDialogProps) {
  const { client } = useServices()
  const cache = useCache()
  const [isAlone, setAlone] = useState(false)
  const [done, setDone] = useState<RevokedToken | undefined>(undefined)
  const revocation = useMutation({
    run: () => client.revokeToken({ token_id: token.id, descendants: isAlone ? 'keep' : 'revoke' }),
    async onSuccess(revoked) {
      await Promise.all([cache.invalidate(['tokens', slug]), cache.invalidate(['token'])])
      if (revoked.revoked_descendants > 0 || revoked.more_descendants) setDone(revoked)
      else onClose()
    },
    said: () => `${token.name} is revoked.`,
  })
  if (done !== undefined) {
    return (
      <Dialog title={`${token.name} is revoked`} onClose={onClose}>
        <output className="text-muted">{sayDescendants(done)}</output>
        <div className="flex justify-end">
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        </div>
      </Dialog>
    )
  }
  return (
    <ConfirmDialog
      title={`Revoke ${token.name}?`}
      action="Revoke token"
      cautious
      request={revocation}
      onConfirm={() => revocation.mutate()}
      onClose={onClose}
    >
      <p>The token stops working at once, and so does every token that was narrowed from it. This cannot be undone.</p>
      <p>
        {token.successor_id !== null
          ? 'The tokens that it created belong to the token that replaced it, and stay valid.'
          : isAlone
            ? 'The tokens that it created stay valid.'
            : 'The tokens that it created, and the tokens that those created, are revoked too.'}
      </p>
      <p className="font-mono text-small">{token.id}</p>
      {token.successor_id === null && (
        <Check checked={isAlone} onChange={setAlone}>
          Keep the tokens that it created
        </Check>
      )}
    </ConfirmDialog>
  )
}

function sayDescendants({ revoked_descendants: count, more_descendants: more }: RevokedToken): string {
  if (more) return `More than ${count} tokens that it created, directly or through others, are revoked too.`
  return count === 1
    ? 'The one token that it created is revoked too.'
    : `The ${count} tokens that it created, directly or through others, are revoked too.`
}
