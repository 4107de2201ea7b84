// Resolves `user[:group]` with an image's /etc/passwd and /etc/group.
import { EngineError } from '../engine-error.ts'

export interface User {
  readonly uid: number
  readonly gid: number
  /** In addition to its own. */
  readonly groups: readonly number[]
  readonly home: string
}

/** @throws EngineError `bad_spec` where the image does not know the name */
export function findUser(text: string, passwd: string, group: string): User {
  const [user = '', wanted] = (text || '0').split(':')
  const people = linesOf(passwd).map(([name = '', , uid, gid, , home]) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    home,
  }))
  const person = people.find(({ name, uid }) => (isNumber(user) ? uid === Number(user) : name === user))
  if (person === undefined && !isNumber(user)) throw unknown('user', user)
  const groups = linesOf(group).map(([name, , gid, members = '']) => ({
    name,
    gid: Number(gid),
    members: members.split(','),
  }))
  const own = groups
    .filter(({ members }) => person !== undefined && members.includes(person.name))
    .map(({ gid }) => gid)
  const uid = person?.uid ?? Number(user)
  const named = wanted === undefined || isNumber(wanted) ? undefined : groups.find(({ name }) => name === wanted)
  if (wanted !== undefined && !isNumber(wanted) && named === undefined) throw unknown('group', wanted)
  const gid = named?.gid ?? (wanted === undefined ? (person?.gid ?? 0) : Number(wanted))
  const numbers = [uid, gid, ...own]
  if (numbers.some((number) => !(number >= 0 && number < 65_535))) throw unknown('user', user)
  return { uid, gid, groups: wanted === undefined ? own : [], home: person?.home || '/' }
}

function linesOf(text: string): string[][] {
  return text.split('\n').map((line) => line.split(':'))
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text)
}

function unknown(what: string, name: string): EngineError {
  return new EngineError('bad_spec', `The image does not have the ${what} ${name}`, { field: 'user' })
}
