// Tells the id of one's own invitation, as `orgs invitations` lists it, from a code that was handed over.

/** Codes have letters, and are longer. */
export function isInvitationId(given: string): boolean {
  return /^\d{1,15}$/.test(given)
}
