// The name of a person whose address may be unproven.

/** The address, with a note if it was not proven; empty if there is none. */
export function sayPerson(email: string | null, proven: boolean): string {
  if (email === null) return ''
  return proven ? email : `${email} (unproven)`
}
