// Asks before several tokens are revoked, names them, and says what came of it.
import { useState, type ReactNode } from 'react'

import type { Token } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { Button } from '../ui/button.tsx'
import { ConfirmDialog, Dialog } from '../ui/dialog.tsx'
import { describeFailure } from '../ui/failure-words.ts'
import { Notice } from '../ui/notice.tsx'
import { revokeSeveral, type RevokedSeveral } from './revoke-several.ts'

interface RevokeSeveralDialogProps {
  readonly slug: string
  /** Those of one page at most. */
  readonly tokens: readonly Token[]
  /** Called with the ids of those that are revoked. */
  readonly onRevoked: (ids: readonly string[]) => void
  readonly onClose: () => void
}

export function RevokeSeveralDialog({ slug, tokens, onRevoked, onClose }: RevokeSeveralDialogProps) {
  const { client } = useServices()
  const cache = useCache()
  // What is asked stays, whatever becomes of the list below.
  const [asked] = useState(tokens)
  const [done, setDone] = useState<RevokedSeveral | undefined>(undefined)
  const revocation = useMutation({
    run: () => revokeSeveral(client, asked),
    async onSuccess(outcome) {
      await Promise.all([cache.invalidate(['tokens', slug]), cache.invalidate(['token'])])
      onRevoked(outcome.revoked.map(({ id }) => id))
      if (outcome.failed.length > 0 || outcome.descendants > 0 || outcome.more) setDone(outcome)
      else onClose()
    },
    said: ({ revoked }) => `${sayTokens(revoked.length)} revoked.`,
  })
  if (done !== undefined) return <Outcome outcome={done} onClose={onClose} />
  return (
    <ConfirmDialog
      title={`Revoke ${sayTokens(asked.length)}?`}
      action={`Revoke ${sayTokens(asked.length)}`}
      cautious
      request={revocation}
      onConfirm={() => revocation.mutate()}
      onClose={onClose}
    >
      <p>They stop working at once, and so does every token that was narrowed from them. This cannot be undone.</p>
      <p>The tokens that they created, and the tokens that those created, are revoked too.</p>
      <TokenNames tokens={asked} />
    </ConfirmDialog>
  )
}

function Outcome({ outcome, onClose }: { readonly outcome: RevokedSeveral; readonly onClose: () => void }) {
  const { revoked, failed, descendants, more } = outcome
  return (
    <Dialog title={`${sayTokens(revoked.length)} revoked`} onClose={onClose}>
      {(descendants > 0 || more) && (
        <output className="text-muted">
          {more ? 'More than ' : ''}
          {sayTokens(descendants)} that they created, directly or through others, {descendants === 1 ? 'is' : 'are'}{' '}
          revoked too.
        </output>
      )}
      {failed.length > 0 && (
        <Notice tone="bad" alert>
          {failed.length === 1 ? 'One token' : sayTokens(failed.length)} could not be revoked:
          <Scrolled label="Not revoked" className="mt-1 max-h-40">
            {failed.map(({ token, error }) => (
              <li key={token.id}>
                <span className="font-medium">{token.name}</span>: {describeFailure(error)}
              </li>
            ))}
          </Scrolled>
        </Notice>
      )}
      <div className="flex justify-end">
        <Button kind="primary" onClick={onClose}>
          Close
        </Button>
      </div>
    </Dialog>
  )
}

function TokenNames({ tokens }: { readonly tokens: readonly Token[] }) {
  return (
    <Scrolled label="Tokens to revoke" className="max-h-48 rounded-control border border-line px-3 py-1.5">
      {tokens.map(({ id, name }) => (
        <li key={id} className="flex items-baseline justify-between gap-3 py-0.5 text-ink">
          <span className="truncate" title={name}>
            {name}
          </span>
          <code className="shrink-0 font-mono text-tiny text-muted">{id.slice(0, 8)}</code>
        </li>
      ))}
    </Scrolled>
  )
}

interface ScrolledProps {
  readonly label: string
  readonly className: string
  readonly children: ReactNode
}

/** A list that may be longer than its box, which the keyboard must reach. */
function Scrolled({ label, className, children }: ScrolledProps) {
  return (
    <div role="group" tabIndex={0} aria-label={label} className={`overflow-y-auto ${className}`}>
      <ul>{children}</ul>
    </div>
  )
}

function sayTokens(count: number): string {
  return `${count} token${count === 1 ? '' : 's'}`
}
