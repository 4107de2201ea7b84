// Names of people whose address may be unproven.

/** The address, with a note if it was not proven; null is a person whose account is deleted. */
export function sayPerson(email: string | null, proven: boolean): string {
  if (email === null) return 'a deleted account'
  return proven ? email : `${email} (unproven)`
}
