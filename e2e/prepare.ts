// What most tests begin with: made before the tests of the file or the describe that calls these, and gone after them.
// Vitest's own fixtures reach only the tests, and not the functions beside them, which most files have.
import { afterAll, beforeAll } from 'vitest'

import { startSmtpServer, type TestSmtpServer } from '../packages/authority/src/mail/testing/smtp.ts'
import { founder, startAuthority, type Overrides, type TestAuthority } from './authority.ts'
import type { Ask } from './http.ts'
import { createOrganisation, signInFounder, signUpInto, type Person, type SignUpOptions } from './people.ts'

export interface Prepared {
  readonly authority: TestAuthority
  readonly ask: Ask
  /** The founder, logged in. */
  readonly admin: Person
}

/** What is known only when the tests begin may be a function. */
export type Later<T> = T | (() => T | Promise<T>)

export function prepareAuthority(overrides: Later<Overrides> = {}): Prepared {
  return prepare(async () => startAuthority(typeof overrides === 'function' ? await overrides() : overrides))
}

export function prepare(start: () => Promise<TestAuthority>): Prepared {
  let started: TestAuthority | undefined
  const authority = late(() => started)
  const ask: Ask = (...asked) => authority.ask(...asked)
  const admin = { ...founder, token: '' }
  beforeAll(async () => {
    started = await start()
    Object.assign(admin, await signInFounder(ask))
  })
  afterAll(() => started?.close())
  return { authority, ask, admin }
}

/** Stands for what there is once the tests begin. */
export function late<T extends object>(find: () => T | undefined): T {
  return new Proxy({} as T, {
    get(_, name) {
      const found = find() ?? {}
      const value: unknown = Reflect.get(found, name)
      return typeof value === 'function' ? (value.bind(found) as unknown) : value
    },
  })
}

/** The slug of an organization of the admin, the first one of that name in its authority. */
export function prepareOrganisation({ ask, admin }: Prepared, name = 'Acme'): string {
  beforeAll(async () => void (await createOrganisation(ask, admin.token, name)))
  return name.toLowerCase().replaceAll(' ', '-')
}

/** Somebody who signs up into the organization. */
export function preparePerson({ ask, admin }: Prepared, slug: string, options?: SignUpOptions): Person {
  const person = { email: '', password: '', token: '' }
  beforeAll(async () => void Object.assign(person, await signUpInto(ask, admin.token, slug, options)))
  return person
}

/** A mail server that takes all it is sent. */
export function prepareMailServer(options?: Parameters<typeof startSmtpServer>[0]): TestSmtpServer {
  let started: TestSmtpServer | undefined
  beforeAll(async () => {
    started = await startSmtpServer(options)
  })
  afterAll(() => started?.close())
  return late(() => started)
}

/** The mail settings of an authority that sends its mail there; what waits is tried soon. */
export function mailThrough({ port }: TestSmtpServer) {
  return { mail: { smtpUrl: `smtp://127.0.0.1:${port}`, from: 'Hallpass <hallpass@example.com>', interval: 50 } }
}
