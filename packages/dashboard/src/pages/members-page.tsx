// `/dashboard/:org/members`: who belongs to the organisation, and who is asked to.
import { useState } from 'react'

import type { Member } from '@hallpass/client'

import { InviteDialog } from '../members/invite-dialog.tsx'
import { Invitations } from '../members/invitations.tsx'
import { RemoveDialog } from '../members/remove-dialog.tsx'
import { RoleSelect } from '../members/role-select.tsx'
import { useSession } from '../session/session.tsx'
import { useAdminsOnly, useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { Button } from '../ui/button.tsx'
import { Row, Rows, Tag } from '../ui/layout.tsx'
import { Notice } from '../ui/notice.tsx'
import { Time } from '../ui/time.tsx'

export function MembersPage() {
  const organisation = useOrganisation()
  const adminsOnly = useAdminsOnly()
  const { session } = useSession()
  const [isInviting, setInviting] = useState(false)
  const [removing, setRemoving] = useState<Member | undefined>(undefined)
  const self = session.state === 'in' || session.state === 'ended' ? session.user.email : ''
  const isPersonal = organisation.type === 'PERSONAL'
  return (
    <>
      <PageHeader
        title="Members"
        lead={
          isPersonal
            ? 'Only you belong to this organization. To work with others, create a new organization.'
            : `Members create and revoke tokens of ${organisation.name}. Admins also manage its members.`
        }
        actions={
          !isPersonal && (
            <Button kind="primary" disabled={adminsOnly !== undefined} onClick={() => setInviting(true)}>
              Invite a person
            </Button>
          )
        }
      />
      {adminsOnly !== undefined && !isPersonal && (
        <Notice className="mb-6">
          You are a member here. {adminsOnly.replace('do this', 'invite, remove, or change a role')}
        </Notice>
      )}
      <Rows>
        {organisation.members.map((member) => {
          const isSelf = member.email === self
          const { email, role, joined_at, email_proven } = member
          return (
            <Row
              key={member.id}
              name={email}
              tags={
                <>
                  {isSelf && <Tag>you</Tag>}
                  {!email_proven && <Tag>unproven</Tag>}
                </>
              }
              note={
                <>
                  joined <Time at={joined_at} />
                </>
              }
            >
              {adminsOnly === undefined && !isPersonal ? (
                <RoleSelect member={member} />
              ) : (
                <span className="text-muted">{role}</span>
              )}
              {!isPersonal && (adminsOnly === undefined || isSelf) && (
                <span className="-mr-2.5 flex w-18 justify-end">
                  <Button
                    kind="quiet-danger"
                    size="small"
                    aria-label={isSelf ? 'Leave the organization' : `Remove ${email}`}
                    onClick={() => setRemoving(member)}
                  >
                    {isSelf ? 'Leave' : 'Remove'}
                  </Button>
                </span>
              )}
            </Row>
          )
        })}
      </Rows>
      {!isPersonal && adminsOnly === undefined && <Invitations />}
      {isInviting && <InviteDialog onClose={() => setInviting(false)} />}
      {removing !== undefined && (
        <RemoveDialog member={removing} isSelf={removing.email === self} onClose={() => setRemoving(undefined)} />
      )}
    </>
  )
}
