// Names of people whose address may be unproven.

/** The address, with a note if it was not proven; null is a deleted user. */
export function sayPerson(email: string | null, proven: boolean): string {
  if (email === null) return 'a deleted user'
  return proven ? email : `${email} (unproven)`
}
