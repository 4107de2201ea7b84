// `/discharge/:id`: confirms or denies the use of the person's token for a while. Says which, where, and who asks.
import { useState } from 'react'
import { Link, Redirect, useParams } from 'wouter'

import { ApiError, type DischargeRequest } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { useSession } from '../session/session.tsx'
import { AuthPage } from '../ui/auth-card.tsx'
import { Decision } from '../shell/decision.tsx'
import { loginPath } from '../shell/return-path.ts'
import { Id } from '../ui/copy.tsx'
import { Fact, Facts } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { Time } from '../ui/time.tsx'
import { sayDuration } from '../words/time.ts'

export function DischargePage() {
  const { client } = useServices()
  const { session } = useSession()
  const { id } = useParams<{ id: string }>()
  const query = useQuery({
    key: ['discharge', id],
    ask: () => client.showDischarge({ discharge_id: id }),
    enabled: session.state === 'in' || session.state === 'ended',
    freshFor: Number.POSITIVE_INFINITY,
  })
  const [answer, setAnswer] = useState<'approved' | 'denied' | undefined>(undefined)
  const { data, error } = query
  if (session.state === 'out') return <Redirect to={loginPath(`/discharge/${encodeURIComponent(id)}`)} replace />
  if (error instanceof ApiError && error.code === 'not_found') {
    return (
      <AuthPage
        title="This request is over"
        lead="Someone has answered this request already, it has expired, or it is for another person."
      />
    )
  }
  if (data === undefined) {
    return (
      <AuthPage title="A token asks to be used">
        <Load query={query} what="The request" skeleton={<div className="skeleton h-64" />}>
          {() => null}
        </Load>
      </AuthPage>
    )
  }
  const given = answer ?? (data.state === 'pending' ? undefined : data.state)
  if (given === undefined) return <Question id={id} request={data} onAnswer={setAnswer} />
  return given === 'approved' ? (
    <AuthPage title="The token can be used" lead="Go back to where you came from. You can close this page." />
  ) : (
    <AuthPage title="Denied" lead="The token cannot be used. If you did not expect this request, revoke the token." />
  )
}

interface QuestionProps {
  readonly id: string
  readonly request: DischargeRequest
  readonly onAnswer: (answer: 'approved' | 'denied') => void
}

function Question({ id, request, onAnswer }: QuestionProps) {
  const { client } = useServices()
  const { org_slug, org_name, token, requested_from, created_at, expires_at, discharge_expires_in } = request
  const approval = useMutation({
    run: () => client.approveDischarge({ discharge_id: id }),
    onSuccess: () => onAnswer('approved'),
  })
  const denial = useMutation({
    run: () => client.denyDischarge({ discharge_id: id }),
    onSuccess: () => onAnswer('denied'),
  })
  return (
    <AuthPage
      title="A token asks to be used"
      lead="The token was created in your name. Its organization requires that you confirm its use."
    >
      <Facts>
        <Fact name="Which token">
          <Link href={`/dashboard/${org_slug}/tokens/${token.id}`} className="font-medium underline underline-offset-2">
            {token.name}
          </Link>
        </Fact>
        <Fact name="Organization">{org_name}</Fact>
        <Fact name="Who asks">
          <Id>{requested_from}</Id>
        </Fact>
        <Fact name="When">
          <Time at={created_at} />, expires <Time at={expires_at} />
        </Fact>
        <Fact name="For how long">{sayDuration(discharge_expires_in)}</Fact>
      </Facts>
      <Decision approval={approval} denial={denial} />
    </AuthPage>
  )
}
