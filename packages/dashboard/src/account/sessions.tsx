// Where the person is logged in, with buttons to end a login, or all others.
import { useState } from 'react'

import type { ListedSession } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { Button } from '../ui/button.tsx'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { LastUse } from '../ui/last-use.tsx'
import { Row, Rows, Section, Tag } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { FailureNotice } from '../ui/notice.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'
import { Time } from '../ui/time.tsx'
import { sayDevice } from '../words/device.ts'

export function Sessions() {
  const { client } = useServices()
  const cache = useCache()
  const query = useQuery({ key: ['sessions'], ask: client.listSessions })
  const [isAsking, setAsking] = useState(false)
  const ending = useMutation({
    run: (id: number) => client.deleteSession({ session_id: id }),
    onSettled: () => cache.invalidate(['sessions']),
    said: () => 'The login has ended.',
  })
  const others = (query.data?.sessions.length ?? 0) - 1
  return (
    <Section
      title="Logins"
      lead="Browsers and command lines that are logged in as you."
      actions={others > 0 && <Button onClick={() => setAsking(true)}>End all others</Button>}
    >
      <FailureNotice error={ending.error} className="mb-4" />
      <Load query={query} what="Your logins" skeleton={<RowsSkeleton rows={2} height="h-16" />}>
        {({ sessions }) => (
          <Rows>
            {sessions.map((session) => {
              const { id, kind, label, current } = session
              const device = sayDevice(kind, label)
              return (
                <Row
                  key={id}
                  name={device}
                  tags={current && <Tag>this one</Tag>}
                  note={<LoginNote session={session} />}
                >
                  {!current && (
                    <Button
                      kind="quiet-danger"
                      size="small"
                      busy={ending.isPending && ending.variables === id}
                      aria-label={`End the login of ${device}`}
                      onClick={() => ending.mutate(id)}
                      className="-mr-2.5"
                    >
                      End
                    </Button>
                  )}
                </Row>
              )
            })}
          </Rows>
        )}
      </Load>
      {isAsking && <EndOthers count={others} onClose={() => setAsking(false)} />}
    </Section>
  )
}

/** Place and time of its last use, and how long it lasts. */
function LoginNote({ session }: { readonly session: ListedSession }) {
  const { kind, current, created_at, expires_at, last_used_at, last_used_ip, last_use_known_since } = session
  const from = last_used_ip === null ? '' : ` from ${last_used_ip}`
  return (
    <>
      {kind === 'web' ? 'Browser' : 'Command line'}.{' '}
      {current ? (
        `In use now${from}`
      ) : (
        <>
          Last used: <LastUse at={last_used_at} madeAt={created_at} knownSince={last_use_known_since} />
          {from}
        </>
      )}
      . Since <Time at={created_at} />, expires <Time at={expires_at} />
    </>
  )
}

function EndOthers({ count, onClose }: { readonly count: number; readonly onClose: () => void }) {
  const { client } = useServices()
  const cache = useCache()
  const ending = useMutation({
    run: () => client.deleteOtherSessions(),
    async onSuccess() {
      await cache.invalidate(['sessions'])
      onClose()
    },
    said: () => 'All other logins have ended.',
  })
  return (
    <ConfirmDialog
      title="End all other logins?"
      action="End all others"
      request={ending}
      onConfirm={() => ending.mutate()}
      onClose={onClose}
    >
      <p>
        {count === 1 ? 'One browser or command line is' : `${count} browsers and command lines are`} logged out at once.
        Tokens stay valid.
      </p>
    </ConfirmDialog>
  )
}
