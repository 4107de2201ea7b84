// What a person is called who may not be who they say.

/** The address, with a word where nobody had proven that it is theirs; nothing where there is none. */
export function sayPerson(email: string | null, proven: boolean): string {
  if (email === null) return ''
  return proven ? email : `${email} (unproven)`
}
