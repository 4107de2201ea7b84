// The role of a member, which an admin may change.

import type { Member, Role } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { describeFailure } from '../ui/failure-words.ts'
import { Select } from '../ui/field.tsx'

export const roleOptions: readonly { readonly value: Role; readonly label: string }[] = [
  { value: 'member', label: 'Member' },
  { value: 'admin', label: 'Admin' },
]

export function RoleSelect({ member }: { readonly member: Member }) {
  const { client } = useServices()
  const cache = useCache()
  const { slug } = useOrganisation()
  const change = useMutation({
    run: (role: Role) => client.changeRole({ org_slug: slug, email: member.email, role }),
    // What is shown is what the authority says, not what was chosen.
    onSettled: () => Promise.all([cache.invalidate(['org', slug]), cache.invalidate(['orgs'])]),
    said: (_, role) => `${member.email} is ${role === 'admin' ? 'an admin' : 'a member'} now.`,
  })
  return (
    <div className="w-34 max-w-full">
      <Select
        aria-label={`Role of ${member.email}`}
        value={member.role}
        options={roleOptions}
        onChange={(event) => change.mutate(event.target.value === 'admin' ? 'admin' : 'member')}
      />
      {change.error !== null && (
        <p role="alert" className="mt-1 text-small text-danger">
          {describeFailure(change.error)}
        </p>
      )}
    </div>
  )
}
