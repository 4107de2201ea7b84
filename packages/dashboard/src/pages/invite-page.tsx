// `/invite#CODE`: joins the organisation that an invitation names, with an account or with a new one.
import { useLocation } from 'wouter'

import { ApiError } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { LoginForm } from '../session/login-form.tsx'
import { SignUpForm } from '../session/sign-up-form.tsx'
import { useSession } from '../session/session.tsx'
import { AuthPage } from '../ui/auth-card.tsx'
import { useFragmentCode } from '../shell/fragment-code.ts'
import { Button, LinkButton } from '../ui/button.tsx'
import { describeFailure } from '../ui/failure-words.ts'
import { Load } from '../ui/load.tsx'
import { FailureNotice, Notice } from '../ui/notice.tsx'
import { Time } from '../ui/time.tsx'
import { sayPerson } from '../words/people.ts'

export function InvitePage() {
  const { client } = useServices()
  const code = useFragmentCode()
  const preview = useQuery({
    key: ['invitation', code],
    ask: () => client.previewInvitation({ invitation: code }),
    enabled: code !== '',
    freshFor: Number.POSITIVE_INFINITY,
  })
  if (code === '') {
    return (
      <AuthPage title="This link is incomplete" lead="The code after the # is missing. Ask for the link again.">
        <LinkButton href="/login">Log in</LinkButton>
      </AuthPage>
    )
  }
  if (preview.error instanceof ApiError && ['not_found', 'forbidden'].includes(preview.error.code)) {
    return (
      <AuthPage title="This invitation is over" lead={describeFailure(preview.error)}>
        <LinkButton href="/login">Log in</LinkButton>
      </AuthPage>
    )
  }
  if (preview.data === undefined) {
    return (
      <AuthPage title="Invitation">
        <Load query={preview} what="The invitation" skeleton={<div className="skeleton h-48" />}>
          {() => null}
        </Load>
      </AuthPage>
    )
  }
  const { org_name, email, role, expires_at, has_account, invited_by, invited_by_proven } = preview.data
  return (
    <AuthPage
      title={`Join ${org_name}`}
      lead={
        <>
          {sayPerson(invited_by, invited_by_proven)} invites {email} as {role === 'admin' ? 'an admin' : 'a member'}.
          The invitation expires <Time at={expires_at} />.
        </>
      }
    >
      <Accept code={code} email={email} hasAccount={has_account} organisation={org_name} />
    </AuthPage>
  )
}

interface AcceptProps {
  readonly code: string
  readonly email: string
  readonly hasAccount: boolean
  readonly organisation: string
}

function Accept({ code, email, hasAccount, organisation }: AcceptProps) {
  const { client } = useServices()
  const cache = useCache()
  const { session, enter, logOut } = useSession()
  const [, navigate] = useLocation()
  const acceptance = useMutation({
    run: () => client.acceptInvitation({ invitation: code }),
    async onSuccess({ slug }) {
      await cache.invalidate(['orgs'])
      navigate(`/dashboard/${slug}/tokens`, { replace: true })
    },
  })
  const leaving = useMutation({ run: () => logOut(`/invite#${code}`) })

  if (session.state === 'in') {
    const isInvited = session.user.email === email
    return (
      <div className="flex flex-col gap-3">
        <FailureNotice error={acceptance.error ?? leaving.error} />
        {isInvited ? (
          <Button kind="primary" busy={acceptance.isPending} onClick={() => acceptance.mutate()}>
            Accept
          </Button>
        ) : (
          <>
            <Notice tone="warn">
              You are logged in as {session.user.email}. The invitation is for another address.
            </Notice>
            <Button busy={leaving.isPending} onClick={() => leaving.mutate()}>
              Log out
            </Button>
          </>
        )}
      </div>
    )
  }
  if (hasAccount) {
    return (
      <>
        <p className="-mt-3 text-muted">Log in to accept.</p>
        <LoginForm email={email} onEntered={enter} />
        <LinkButton href="/reset">Forgot your password?</LinkButton>
      </>
    )
  }
  return (
    <SignUpForm
      admission={{ invitation: code }}
      email={email}
      action={`Create account and join`}
      onEntered={(user) => {
        enter(user)
        // The account came with the membership: the list of organisations says where it is.
        void client.listOrganisations().then(
          ({ orgs }) => {
            const joined = orgs.find(({ name, type }) => type === 'SHARED' && name === organisation)
            navigate(joined === undefined ? '/orgs' : `/dashboard/${joined.slug}/tokens`, { replace: true })
          },
          () => navigate('/orgs', { replace: true }),
        )
      }}
    />
  )
}
