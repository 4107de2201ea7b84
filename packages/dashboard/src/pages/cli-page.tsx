// `/cli/:id`: approves or denies the login of a command line. Says who asks, from where, for what and for how long.
import { useState } from 'react'
import { Redirect, useParams } from 'wouter'

import { ApiError, type CliLogin, type User } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { ProofDialog, needsProof } from '../session/proof-dialog.tsx'
import { useSession } from '../session/session.tsx'
import { AuthPage } from '../ui/auth-card.tsx'
import { Decision } from '../shell/decision.tsx'
import { loginPath } from '../shell/return-path.ts'
import { CopyBox, Id } from '../ui/copy.tsx'
import { Fact, Facts } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { Notice } from '../ui/notice.tsx'
import { Time } from '../ui/time.tsx'
import { sayDuration } from '../words/time.ts'

export function CliPage() {
  const { client } = useServices()
  const { session } = useSession()
  const { id } = useParams<{ id: string }>()
  const isIn = session.state === 'in' || session.state === 'ended'
  const query = useQuery({
    key: ['cli-login', id],
    ask: () => client.showCliLogin({ login_id: id }),
    enabled: isIn,
    freshFor: Number.POSITIVE_INFINITY,
  })
  if (session.state === 'out') return <Redirect to={loginPath(`/cli/${encodeURIComponent(id)}`)} replace />
  if (query.error instanceof ApiError && query.error.code === 'not_found') {
    return (
      <AuthPage
        title="This request is over"
        lead="Someone has answered this login already, or it has expired. Run hallpass auth login again."
      />
    )
  }
  if (!isIn || query.data === undefined) {
    return (
      <AuthPage title="A command line asks to log in">
        <Load query={query} what="The request" skeleton={<div className="skeleton h-64" />}>
          {() => null}
        </Load>
      </AuthPage>
    )
  }
  return <Question login={query.data} user={session.user} />
}

type Outcome =
  | { readonly kind: 'handed' }
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'approved' }
  | { readonly kind: 'denied' }

function Question({ login, user }: { readonly login: CliLogin; readonly user: User }) {
  const { client } = useServices()
  const [outcome, setOutcome] = useState<Outcome | undefined>(undefined)
  const [isAsked, setAsked] = useState(false)
  const approval = useMutation({
    async run(): Promise<Outcome> {
      setAsked(true)
      const { code, callback_url } = await client.approveCliLogin({ login_id: login.id })
      if (callback_url !== null && (await hand(callback_url))) return { kind: 'handed' }
      return code === null ? { kind: 'approved' } : { kind: 'code', code }
    },
    onSuccess: setOutcome,
  })
  const denial = useMutation({
    run: () => client.denyCliLogin({ login_id: login.id }),
    onSuccess: () => setOutcome({ kind: 'denied' }),
  })
  const isProofNeeded = needsProof(approval.error)
  if (outcome !== undefined) return <Answered outcome={outcome} />
  return (
    <AuthPage title="A command line asks to log in" lead="Approve only if you started this login yourself just now.">
      {!login.pkce && (
        <Notice tone="bad" alert>
          This command line cannot prove that it started this login. If someone sent you the link to this page, do not
          approve: they would be logged in as you.
        </Notice>
      )}
      <Facts>
        <Fact name="Who asks">
          <span className="font-medium">{login.name}</span>
        </Fact>
        <Fact name="From where">
          <Id>{login.requested_from}</Id>
        </Fact>
        <Fact name="When">
          <Time at={login.created_at} />, expires <Time at={login.expires_at} />
        </Fact>
        <Fact name="For what">Everything that you can do, as {user.email}</Fact>
        <Fact name="For how long">{sayDuration(login.session_expires_in)}, or until you log out</Fact>
      </Facts>
      <Decision approval={isProofNeeded ? { ...approval, error: null } : approval} denial={denial} />
      {isAsked && isProofNeeded && <ProofDialog onProven={() => approval.mutate()} onClose={() => setAsked(false)} />}
    </AuthPage>
  )
}

function Answered({ outcome }: { readonly outcome: Outcome }) {
  switch (outcome.kind) {
    case 'handed':
    case 'approved':
      return (
        <AuthPage title="The command line is logged in" lead="Go back to your terminal. You can close this page." />
      )
    case 'denied':
      return <AuthPage title="Denied" lead="Nobody was logged in. If you did not start this, change your password." />
    case 'code':
      return (
        <AuthPage title="Enter this code in your terminal" lead="The code works once.">
          <CopyBox text={outcome.code} what="code" kind="primary" />
        </AuthPage>
      )
  }
}

/** Whether the command line that waits on this machine has taken the code. */
async function hand(url: string): Promise<boolean> {
  try {
    // The page cannot read the answer, but sees that there is one.
    await fetch(url, { mode: 'no-cors', signal: AbortSignal.timeout(5000) })
    return true
  } catch {
    return false
  }
}
