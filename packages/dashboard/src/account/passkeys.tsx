// One's passkeys: add one, and take one away.
import { useState } from 'react'

import type { Passkey } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { hasPasskeys, makePasskey } from '../session/passkey.ts'
import { ProofDialog, needsProof } from '../session/proof-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { ConfirmDialog, FormDialog } from '../ui/dialog.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { TextField } from '../ui/field.tsx'
import { Section } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'
import { Time } from '../ui/time.tsx'

export function Passkeys() {
  const { client } = useServices()
  const methods = useQuery({ key: ['login-methods'], ask: client.showLoginMethods })
  const query = useQuery({ key: ['passkeys'], ask: client.listPasskeys })
  const [isAdding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Passkey | undefined>(undefined)
  if (methods.data?.passkeys === false) return null
  return (
    <Section
      title="Passkeys"
      lead="Log in with your device instead of a password; nobody can phish it."
      actions={
        <Button disabled={!hasPasskeys()} onClick={() => setAdding(true)}>
          Add a passkey
        </Button>
      }
    >
      <Load query={query} what="Your passkeys" skeleton={<RowsSkeleton rows={1} height="h-16" />}>
        {({ passkeys }) =>
          passkeys.length === 0 ? (
            <p className="border-y border-line py-4 text-muted">None yet.</p>
          ) : (
            <ul className="divide-y divide-line border-y border-line">
              {passkeys.map((passkey) => (
                <li key={passkey.id} className="flex min-h-16 items-center gap-4 py-2.5">
                  <div className="min-w-0 flex-1">
                    <p className="truncate font-medium" title={passkey.name}>
                      {passkey.name}
                    </p>
                    <p className="text-small text-muted">
                      added <Time at={passkey.created_at} />,{' '}
                      {passkey.last_used_at === null ? (
                        'never used'
                      ) : (
                        <>
                          last used <Time at={passkey.last_used_at} />
                        </>
                      )}
                    </p>
                  </div>
                  <Button
                    kind="quiet-danger"
                    size="small"
                    aria-label={`Remove the passkey ${passkey.name}`}
                    onClick={() => setRemoving(passkey)}
                    className="-mr-2.5"
                  >
                    Remove
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Load>
      {isAdding && <AddPasskey onClose={() => setAdding(false)} />}
      {removing !== undefined && <RemovePasskey passkey={removing} onClose={() => setRemoving(undefined)} />}
    </Section>
  )
}

function AddPasskey({ onClose }: { readonly onClose: () => void }) {
  const { client } = useServices()
  const cache = useCache()
  const [name, setName] = useState('')
  const creation = useMutation({
    async run() {
      const { challenge_id, options } = await client.beginPasskey()
      const response = await makePasskey(options as unknown as PublicKeyCredentialCreationOptionsJSON)
      return client.addPasskey({ challenge_id, name, response })
    },
    async onSuccess() {
      await cache.invalidate(['passkeys'])
      onClose()
    },
    said: () => `The passkey ${name} is added.`,
  })
  const nameError = fieldError(creation.error, 'name')
  if (needsProof(creation.error)) return <ProofDialog onProven={() => creation.mutate()} onClose={onClose} />
  return (
    <FormDialog
      title="Add a passkey"
      action="Go on"
      busy={creation.isPending}
      error={nameError === undefined ? creation.error : null}
      onSubmit={() => creation.mutate()}
      onClose={onClose}
    >
      <TextField
        label="Name"
        required
        maxLength={80}
        placeholder="My laptop"
        hint="Says which device it is on. Your browser asks next."
        autoComplete="off"
        value={name}
        error={nameError}
        onChange={(event) => setName(event.target.value)}
      />
    </FormDialog>
  )
}

function RemovePasskey({ passkey, onClose }: { readonly passkey: Passkey; readonly onClose: () => void }) {
  const { client } = useServices()
  const cache = useCache()
  const removal = useMutation({
    run: () => client.deletePasskey({ passkey_id: passkey.id }),
    async onSuccess() {
      await cache.invalidate(['passkeys'])
      onClose()
    },
    said: () => `The passkey ${passkey.name} is removed.`,
  })
  if (needsProof(removal.error)) return <ProofDialog onProven={() => removal.mutate()} onClose={onClose} />
  return (
    <ConfirmDialog
      title={`Remove the passkey ${passkey.name}?`}
      action="Remove"
      busy={removal.isPending}
      error={removal.error}
      onConfirm={() => removal.mutate()}
      onClose={onClose}
    >
      <p>Nobody can log in with it from then on.</p>
    </ConfirmDialog>
  )
}
