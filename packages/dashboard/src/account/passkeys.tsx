// The person's passkeys: add one, or remove one.
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
import { Row, Rows, Section } from '../ui/layout.tsx'
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
      lead="Log in with your device instead of a password. A passkey cannot be phished."
      actions={
        <Button disabled={!hasPasskeys()} onClick={() => setAdding(true)}>
          Add a passkey
        </Button>
      }
    >
      <Load query={query} what="Your passkeys" skeleton={<RowsSkeleton rows={1} height="h-16" />}>
        {({ passkeys }) =>
          passkeys.length === 0 ? (
            <p className="border-y border-line py-4 text-muted">No passkeys yet.</p>
          ) : (
            <Rows>
              {passkeys.map((passkey) => (
                <Row
                  key={passkey.id}
                  name={passkey.name}
                  note={
                    <>
                      added <Time at={passkey.created_at} />,{' '}
                      {passkey.last_used_at === null ? (
                        'never used'
                      ) : (
                        <>
                          last used <Time at={passkey.last_used_at} />
                          {passkey.last_used_ip !== null && ` from ${passkey.last_used_ip}`}
                        </>
                      )}
                    </>
                  }
                >
                  <Button
                    kind="quiet-danger"
                    size="small"
                    aria-label={`Remove the passkey ${passkey.name}`}
                    onClick={() => setRemoving(passkey)}
                    className="-mr-2.5"
                  >
                    Remove
                  </Button>
                </Row>
              ))}
            </Rows>
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
  if (needsProof(creation.error)) return <ProofDialog onProven={() => creation.mutate()} onClose={onClose} />
  return (
    <FormDialog
      title="Add a passkey"
      action="Continue"
      request={creation}
      fields={['name']}
      onSubmit={() => creation.mutate()}
      onClose={onClose}
    >
      <TextField
        label="Name"
        required
        maxLength={80}
        placeholder="My laptop"
        hint="Name the device. Your browser asks for the passkey next."
        autoComplete="off"
        value={name}
        error={fieldError(creation.error, 'name')}
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
      request={removal}
      onConfirm={() => removal.mutate()}
      onClose={onClose}
    >
      <p>It can no longer be used to log in.</p>
    </ConfirmDialog>
  )
}
