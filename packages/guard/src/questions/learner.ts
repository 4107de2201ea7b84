// Learns from the authority what is not known or not believed, each header and each name once at a time.
import { canBeName, personalAlias, type NamedAccess } from '../access.ts'
import type { ElapsedTime } from '../clock.ts'
import type { Places } from '../decide.ts'
import { readHeader } from '../header.ts'
import type { Happened } from '../memory/happened.ts'
import { KnownName, type KnownNames } from '../memory/known-names.ts'
import type { PresentedToken } from '../memory/known-token.ts'
import { base64Of, type Memory } from '../memory/memory.ts'
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
    const slug = slugOf(access)
    const { appName } = access
    const organization = slug === undefined ? undefined : known(memory.organizations, slug, now)
    const app = appName === undefined ? undefined : known(memory.apps, appName, now)
    const isMissing = (slug !== undefined && organization === undefined) || (appName !== undefined && app === undefined)
    return isMissing ? undefined : foundWith(tokens, organization, app)
  }

  /** The same, once what is missing or too old was asked. @throws QuestionError */
  async learn(header: string, access: NamedAccess | undefined, from: string | undefined): Promise<Found | Refusal> {
    const slug = access && slugOf(access)
    const appName = access?.appName
    const [tokens, organization, app] = await Promise.all([
      this.#learnHeader(header, from),
      slug === undefined ? undefined : this.#learnName('organizations', slug, from),
      appName === undefined ? undefined : this.#learnName('apps', appName, from),
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

  #learnName(kind: Kind, name: string, from: string | undefined): Promise<KnownName> {
    const { elapsed, trust, happened, memory } = this.#options
    const now = elapsed.now()
    const place = known(memory[kind], name, now)
    if (place !== undefined && (place.place === undefined || trust.isFresh(place, now))) return Promise.resolve(place)
    return once(this.#names, `${happened.history} ${kind} ${name}`, () => this.#askName(kind, name, from))
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
    const permissions = new Map(read.bundle.permissions.map((each) => [base64Of(each.macaroon), each]))
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

  async #askName(kind: Kind, name: string, from: string | undefined): Promise<KnownName> {
    const { questions, memory, happened } = this.#options
    const { history } = happened
    const asked = kind === 'apps' ? { app_name: name } : { org_slug: name }
    const { answer, event, sent } = await questions.name(asked, from)
    const known = new KnownName(answer, { event, asked: sent.elapsed })
    if (happened.history === history) memory[kind].add(name, known)
    return known
  }
}

type Kind = 'organizations' | 'apps'

/** What is known of the name: nothing has one that cannot be a name. */
function known(names: KnownNames, name: string, now: number): KnownName | undefined {
  return names.find(name, now) ?? (canBeName(name) ? undefined : nothing(now))
}

/** Undefined where none is given, or one that every token has its own meaning of. */
function slugOf({ slug }: NamedAccess): string | undefined {
  return slug === personalAlias ? undefined : slug
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
