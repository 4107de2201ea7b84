// What the audit trail's operations are called in front of people.

const words: Readonly<Record<string, string>> = {
  'app.create': 'Created an app',
  'app.delete': 'Deleted an app',
  'app.list': 'Listed apps',
  'app.show': 'Looked at an app',
  'audit.list': 'Read the audit trail',
  'invitation.list': 'Listed invitations',
  'invitation.withdraw': 'Withdrew an invitation',
  'membership.accept': 'Accepted an invitation',
  'membership.change_role': 'Changed a role',
  'membership.decline': 'Declined an invitation',
  'membership.invite': 'Invited a person',
  'membership.remove': 'Removed a member',
  'membership.suspend': 'Suspended a membership until the owner of the address accepts it',
  'organisation.create': 'Created the organization',
  'organisation.delete': 'Deleted the organization',
  'organisation.show': 'Looked at the organization',
  'organisation.update': 'Changed the organization',
  'token.discharge': 'Discharged a token',
  'token.list': 'Listed tokens',
  'token.mint': 'Created a token',
  'token.revoke': 'Revoked a token',
  'token.show': 'Looked at a token',
}

/** A sentence's beginning where there is one, else the operation as it is. */
export function sayOperation(operation: string): string {
  return words[operation] ?? operation
}
