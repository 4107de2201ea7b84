// Where the person is logged in, with buttons to end a login.

import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { Button } from '../ui/button.tsx'
import { LastUse } from '../ui/last-use.tsx'
import { Row, Rows, Section, Tag } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { FailureNotice } from '../ui/notice.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'
import { Time } from '../ui/time.tsx'

export function Sessions() {
  const { client } = useServices()
  const cache = useCache()
  const query = useQuery({ key: ['sessions'], ask: client.listSessions })
  const ending = useMutation({
    run: (id: number) => client.deleteSession({ session_id: id }),
    onSettled: () => cache.invalidate(['sessions']),
    said: () => 'The login has ended.',
  })
  return (
    <Section title="Logins" lead="Browsers and command lines that are logged in as you.">
      <FailureNotice error={ending.error} className="mb-4" />
      <Load query={query} what="Your logins" skeleton={<RowsSkeleton rows={2} height="h-16" />}>
        {({ sessions }) => (
          <Rows>
            {sessions.map(({ id, kind, label, created_at, expires_at, current, ...use }) => (
              <Row
                key={id}
                name={label === '' ? (kind === 'web' ? 'A browser' : 'A command line') : label}
                tags={current && <Tag>this one</Tag>}
                note={
                  <>
                    {kind === 'web' ? 'Browser' : 'Command line'}, since <Time at={created_at} />, expires{' '}
                    <Time at={expires_at} />. Last used:{' '}
                    <LastUse at={use.last_used_at} madeAt={created_at} knownSince={use.last_use_known_since} />
                    {use.last_used_ip !== null && ` from ${use.last_used_ip}`}
                  </>
                }
              >
                {!current && (
                  <Button
                    kind="quiet-danger"
                    size="small"
                    busy={ending.isPending && ending.variables === id}
                    aria-label={`End the login of ${label}`}
                    onClick={() => ending.mutate(id)}
                    className="-mr-2.5"
                  >
                    End
                  </Button>
                )}
              </Row>
            ))}
          </Rows>
        )}
      </Load>
    </Section>
  )
}
