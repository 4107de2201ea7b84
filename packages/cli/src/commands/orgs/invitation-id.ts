// Distinguishes the id of an own invitation, as `orgs invitations` lists it, from a code.

/** Codes have letters, and are longer. */
export function isInvitationId(given: string): boolean {
  return /^\d{1,15}$/.test(given)
}
