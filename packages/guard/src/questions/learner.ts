// Learns from the authority what is not known or not believed, each header and each name once at a time.
import { canBeName, personalAlias, type NamedAccess } from '../access.ts'
import type { ElapsedTime } from '../clock.ts'
import type { Places } from '../decide.ts'
import { readHeader } from '../header.ts'
import type { Happened } from '../memory/happened.ts'
import { KnownName, type Name } from '../memory/known-names.ts'
import type { PresentedToken } from '../memory/known-token.ts'
import { base64Of, withoutRepeated, type Memory } from '../memory/memory.ts'
import type { Trust } from '../memory/trust.ts'
import { refuse, type Refusal } from '../verdict.ts'
import { QuestionError, type Questions, type Told } from './ask-in-batches.ts'
import type { GoodToken, HeaderAnswer } from './read-answer.ts'

interface Options {
  readonly questions: Questions
  readonly memory: Memory
  readonly trust: Trust
  readonly happened: Happened
  readonly elapsed: ElapsedTime
}

/** What an access is decided by. */
export interface Found {
  readonly tokens: readonly PresentedToken[]
  readonly names: readonly KnownName[]
  readonly places: Places
}

const nothingNamed = { names: [], places: { organization: undefined, app: undefined } } as const

export class Learner {
  readonly #options: Options
  readonly #headers = new Map<string, Promise<readonly PresentedToken[] | Refusal>>()
  readonly #names = new Map<string, Promise<KnownName>>()

  constructor(options: Options) {
    this.#options = options
  }

  /** What is remembered of a header, and of the names of an access if there is one; undefined if something is missing. */
  recall(header: string | undefined, access: NamedAccess | undefined, now: number): Found | Refusal | undefined {
    const { memory } = this.#options
    const tokens = memory.find(header, now)
    if (tokens === undefined || 'allowed' in tokens) return tokens
    if (access === undefined) return { tokens, ...nothingNamed }
    const [slug, appName] = namesOf(access)
    const organization = slug === undefined ? undefined : this.#known(slug, now)
    const app = appName === undefined ? undefined : this.#known(appName, now)
    const isMissing = (slug !== undefined && organization === undefined) || (appName !== undefined && app === undefined)
    return isMissing ? undefined : foundWith(tokens, organization, app)
  }

  /** The same, once what is missing or too old was asked. @throws QuestionError */
  async learn(header: string, access: NamedAccess | undefined, from: string | undefined): Promise<Found | Refusal> {
    const names = access === undefined ? [] : namesOf(access)
    const [tokens, organization, app] = await Promise.all([
      this.#learnHeader(header, from),
      names[0] && this.#learnName(names[0]),
      names[1] && this.#learnName(names[1]),
    ])
    return 'allowed' in tokens ? tokens : foundWith(tokens, organization, app)
  }

  /** Whether what was found may be believed now, or `longer` milliseconds longer than usual. */
  isBelieved({ tokens, names }: Found, now: number, longer = 0): boolean {
    const { trust } = this.#options
    const isGood = (learned: KnownName | PresentedToken['known']) =>
      trust.stands(learned, now) && trust.isFresh(learned, now, longer)
    return tokens.every(({ known }) => isGood(known)) && names.every(isGood)
  }

  #known(name: Name, now: number): KnownName | undefined {
    return canBeName(name.slice(name.indexOf(' ') + 1)) ? this.#options.memory.names.find(name, now) : nothing(now)
  }

  #learnHeader(header: string, from: string | undefined): Promise<readonly PresentedToken[] | Refusal> {
    const { memory, elapsed, trust, happened } = this.#options
    const now = elapsed.now()
    const known = memory.find(header, now)
    if (known !== undefined && ('allowed' in known || known.every((token) => trust.isFresh(token.known, now)))) {
      return Promise.resolve(known)
    }
    // What one address wastes may be refused to it, and must not be to others.
    const key = `${happened.history}\n${from ?? ''}\n${header}`
    return once(this.#headers, key, () => this.#askHeader(header, from))
  }

  #learnName(name: Name): Promise<KnownName> {
    const { elapsed, trust, happened } = this.#options
    const now = elapsed.now()
    const known = this.#known(name, now)
    if (known !== undefined && (known.place === undefined || trust.isFresh(known, now))) return Promise.resolve(known)
    return once(this.#names, `${happened.history} ${name}`, () => this.#askName(name))
  }

  async #askHeader(header: string, from: string | undefined): Promise<readonly PresentedToken[] | Refusal> {
    const { questions, memory, happened } = this.#options
    const { history } = happened
    const told = await questions.header({ header, ...(from === undefined ? {} : { from }) })
    const isKept = happened.history === history
    const { answer, sent } = told
    if ('refused' in answer) {
      const refusal = refuse(answer.refused.code, answer.refused.message)
      if (isKept && refusal.status !== 503) memory.addRefusal(header, refusal, sent.elapsed)
      return refusal
    }
    return this.#addTokens(header, answer.tokens, told, isKept)
  }

  #addTokens(
    header: string,
    good: readonly GoodToken[],
    { event, sent }: Told<HeaderAnswer>,
    isKept: boolean,
  ): readonly PresentedToken[] {
    const { memory } = this.#options
    const read = readHeader(header)
    if ('allowed' in read) throw notUnderstood()
    const permissions = new Map(withoutRepeated(read.bundle.permissions).map((each) => [base64Of(each.macaroon), each]))
    const discharges = new Map(read.bundle.discharges.map((each) => [base64Of(each), each]))
    const tokens = good.map((one) => {
      // An answer about anything else than what was asked is no answer.
      const macaroon = permissions.get(one.permissionToken)?.macaroon
      const accepted = one.discharges.map((text) => discharges.get(text))
      if (macaroon === undefined || !accepted.every((each) => each !== undefined)) throw notUnderstood()
      const presented = { macaroon, discharges: accepted }
      const token = memory.tokens.add(one.said, presented, { event, asked: sent.elapsed }, isKept)
      if (token === undefined) throw notUnderstood()
      return token
    })
    const isWhole = tokens.length === permissions.size && read.bundle.damaged.length === 0
    if (isKept) memory.addHeader(header, tokens, isWhole ? Infinity : memory.untilOfPart(sent.elapsed))
    return tokens
  }

  async #askName(name: Name): Promise<KnownName> {
    const { questions, memory, happened } = this.#options
    const { history } = happened
    const text = name.slice(name.indexOf(' ') + 1)
    const { answer, event, sent } = await questions.name(
      name.startsWith('app ') ? { app_name: text } : { org_slug: text },
    )
    const known = new KnownName(answer, { event, asked: sent.elapsed })
    if (happened.history === history) memory.names.add(name, known)
    return known
  }
}

/** Undefined for a name that is not given, or that every token has its own meaning of. */
function namesOf({ slug, appName }: NamedAccess): readonly [Name | undefined, Name | undefined] {
  return [
    slug === undefined || slug === personalAlias ? undefined : `organization ${slug}`,
    appName === undefined ? undefined : `app ${appName}`,
  ]
}

function foundWith(
  tokens: readonly PresentedToken[],
  organization: KnownName | undefined,
  app: KnownName | undefined,
): Found {
  const names = [organization, app].filter((name) => name !== undefined)
  return { tokens, names, places: { organization: organization?.place, app: app?.place } }
}

/** What has no name cannot be. */
function nothing(now: number): KnownName {
  return new KnownName(undefined, { event: Infinity, asked: now })
}

/** The promise that is there already, or the one that is made. */
function once<Value>(under: Map<string, Promise<Value>>, key: string, make: () => Promise<Value>): Promise<Value> {
  const begun = under.get(key)
  if (begun !== undefined) return begun
  const made = make().finally(() => under.delete(key))
  under.set(key, made)
  return made
}

function notUnderstood(): QuestionError {
  return new QuestionError('unavailable', 'the authority answers what this guard does not understand')
}
