// Where one is logged in, and the end of it.

import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { Button } from '../ui/button.tsx'
import { Section, Tag } from '../ui/layout.tsx'
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
    said: () => 'The login is ended.',
  })
  return (
    <Section title="Logins" lead="Browsers and command lines that act in your name.">
      <FailureNotice error={ending.error} className="mb-4" />
      <Load query={query} what="Your logins" skeleton={<RowsSkeleton rows={2} height="h-16" />}>
        {({ sessions }) => (
          <ul className="divide-y divide-line border-y border-line">
            {sessions.map(({ id, kind, label, created_at, expires_at, current }) => (
              <li key={id} className="flex min-h-16 items-center gap-4 py-2.5">
                <div className="min-w-0 flex-1">
                  <p className="flex min-w-0 items-center gap-2">
                    <span className="truncate font-medium" title={label}>
                      {label === '' ? (kind === 'web' ? 'A browser' : 'A command line') : label}
                    </span>
                    {current && <Tag>this one</Tag>}
                  </p>
                  <p className="text-small text-muted">
                    {kind === 'web' ? 'Browser' : 'Command line'}, since <Time at={created_at} />, ends{' '}
                    <Time at={expires_at} />
                  </p>
                </div>
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
              </li>
            ))}
          </ul>
        )}
      </Load>
    </Section>
  )
}
