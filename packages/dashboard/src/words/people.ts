// What people are called who may not be who they say.

/** The address, with a word where nobody had proven that it is theirs; null is a person who is gone. */
export function sayPerson(email: string | null, proven: boolean): string {
  if (email === null) return 'a deleted account'
  return proven ? email : `${email} (unproven)`
}
