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
import { Tag } from '../ui/layout.tsx'
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
            ? 'This organization is yours alone. To work with others, create one that is shared.'
            : `Members of ${organisation.name} make and revoke tokens; admins also decide who belongs to it.`
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
      <ul className="divide-y divide-line border-y border-line">
        {organisation.members.map((member) => (
          <li
            key={member.id}
            className="grid min-h-16 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 py-2.5 narrow:grid-cols-[minmax(0,1fr)_8.5rem_5.5rem]"
          >
            <div className="col-span-2 min-w-0 narrow:col-span-1">
              <p className="flex min-w-0 items-center gap-2">
                <span className="truncate font-medium" title={member.email}>
                  {member.email}
                </span>
                {member.email === self && <Tag>you</Tag>}
                {!member.email_proven && <Tag>unproven</Tag>}
              </p>
              <p className="text-small text-muted">
                joined <Time at={member.joined_at} />
              </p>
            </div>
            {adminsOnly === undefined && !isPersonal ? (
              <RoleSelect member={member} />
            ) : (
              <span className="text-muted">{member.role}</span>
            )}
            {!isPersonal && (adminsOnly === undefined || member.email === self) ? (
              <Button
                kind="quiet-danger"
                size="small"
                aria-label={member.email === self ? 'Leave the organization' : `Remove ${member.email}`}
                onClick={() => setRemoving(member)}
                className="-mr-2.5 justify-self-end"
              >
                {member.email === self ? 'Leave' : 'Remove'}
              </Button>
            ) : (
              <span />
            )}
          </li>
        ))}
      </ul>
      {!isPersonal && adminsOnly === undefined && <Invitations />}
      {isInviting && <InviteDialog onClose={() => setInviting(false)} />}
      {removing !== undefined && (
        <RemoveDialog member={removing} isSelf={removing.email === self} onClose={() => setRemoving(undefined)} />
      )}
    </>
  )
}
