// Wires an authority together and starts it.
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'

import { createServer, reportUnforeseen, type MachineServer } from './http/server.ts'
import { createTurns, type Turns } from './http/turns.ts'
import { isLoopback } from './config-mail.ts'
import { checkOptions, type Config, type ServeOptions } from './config.ts'
import { describeCause } from './domain/cause.ts'
import { DomainError, StartupError, isUnavailable } from './domain/errors.ts'
import type { PasswordHasher } from './domain/keyring.ts'
import type { Secret } from './domain/secret.ts'
import type { Store } from './domain/store.ts'
import { createLongAnswers } from './doors/http/long-answers.ts'
import { openFeedDoor } from './doors/feed/door.ts'
import { openVerificationsDoor } from './doors/feed/verifications.ts'
import { openFlyctlDoor } from './doors/flyctl/door.ts'
import { openForwardAuthDoor } from './doors/forward-auth/door.ts'
import { openGraphqlDoor } from './doors/graphql/door.ts'
import { openMachinesDoor } from './doors/machines/door.ts'
import { openOauthDoor } from './doors/oauth/door.ts'
import { openRestDoor } from './doors/rest/door.ts'
import { openThirdPartyDoor } from './doors/third-party/door.ts'
import { openWebDoor } from './doors/web/door.ts'
import { createSessionCookies } from './doors/web/session-cookie.ts'
import { createIdentityTokenVerifier } from './identity/identity-tokens.ts'
import { createIdentityProvider } from './identity/openid.ts'
import { createPasskeyVerifier } from './identity/passkeys.ts'
import { createKeyring } from './keyring/keyring.ts'
import { markRootKeyFile } from './keyring/root-key-file.ts'
import { watchRootKey } from './keyring/root-key-watch.ts'
import { createLog, createRareLines, type LogSink, type SayRarely } from './log.ts'
import type { RunningMachines } from './machines/runner.ts'
import { createMailer, type MailFailure } from './mail/mailer.ts'
import { createPostbox, type RunningPostbox } from './mail/postbox.ts'
import { createPause } from './operations/perform/allowance.ts'
import { createFollowers } from './operations/feed/followers.ts'
import { createAuthenticate } from './operations/perform/authenticate.ts'
import { recordLateUses } from './operations/perform/late-uses.ts'
import { createLimits } from './operations/perform/limits.ts'
import type { Environment } from './operations/perform/operation.ts'
import { createUseLog } from './operations/perform/note-uses.ts'
import { createOngoingCalls } from './operations/perform/ongoing.ts'
import { createQuotas } from './operations/perform/quotas.ts'
import { isMailedCodeGood } from './operations/accounts/mailed-code.ts'
import { renewSetupCode } from './operations/accounts/setup-code.ts'
import { createAccount } from './operations/accounts/sign-up.ts'
import { openWithRootKey, recogniseRootKey } from './open-store.ts'
import { startMachines } from './start-machines.ts'
import { startUses, startWorkers } from './start-workers.ts'
import type { Worker } from './workers/worker.ts'

export interface RunningAuthority {
  /** The address that it listens at. */
  readonly url: string
  /** The address for people. */
  readonly publicUrl: string
  /** For the first account; present only while there is none. */
  readonly setupCode?: Secret
  /** Resolves with the reason if it cannot continue and must be closed. Never rejects. */
  readonly failed: Promise<StartupError>
  /**
   * From now on `/readyz` says that it stops, and no connection is kept, so that a balancer turns to other servers. It answers as
   * before. Resolves after the time that is configured for that.
   */
  drain(): Promise<void>
  /** Finishes the requests that have begun, then stops. */
  close(): Promise<void>
}

/**
 * Starts an authority that hashes passwords this way.
 * @throws StartupError with a sentence for the operator
 */
export async function serveWith(options: ServeOptions, passwords: PasswordHasher): Promise<RunningAuthority> {
  const config = checkOptions(options)
  const { logger: log, sink } = createLog(config.logLevel)
  const sayRarely = createRareLines(log, () => performance.now())
  const { store, rootKey: found } = await openWithRootKey(config, log)
  let machines: RunningMachines | undefined
  const socketOpener = Promise.withResolvers<MachineServer['openSocket']>()
  socketOpener.promise.catch(() => {})
  try {
    const rootKey = found.key
    await recogniseRootKey(store, rootKey)
    if (found.file !== undefined) await markRootKeyFile(found.file)
    let publicUrl = config.publicUrl ?? ''
    const keyring = createKeyring(rootKey, config.location)
    const failed = (failure: MailFailure) => logMailFailure(sayRarely, failure)
    const mailer = config.mail && createMailer({ ...config.mail, failed })
    const postbox =
      mailer && createPostbox({ store, keyring, mailer, isGood: isMailedCodeGood, now: Date.now, randomBytes })
    const turns = createTurns(() => performance.now())
    const started = await startMachines(config, { store, keyring, log, sayRarely, openSocket: socketOpener.promise })
    ;({ machines } = started)
    const environment: Environment = {
      store,
      keyring,
      passwords,
      now: Date.now,
      pause: createPause(),
      longAnswers: createLongAnswers(),
      ongoing: createOngoingCalls(store),
      uses: createUseLog(Date.now(), config.keep.addresses),
      isLate: () => turns.isLate(),
      randomBytes,
      passkeys: createPasskeyVerifier(),
      identityProvider: config.oidc && createIdentityProvider({ ...config.oidc, now: Date.now }),
      identityTokens: createIdentityTokenVerifier({
        privateIssuers: config.privateIssuers,
        now: Date.now,
        clock: () => performance.now(),
      }),
      postbox,
      machines,
      report: (error, requestId) => reportAside({ log, sayRarely }, error, requestId),
      ...createLimits(() => performance.now(), {
        machinesRate: config.machinesRate,
        sharing: store.isRemote ? { store, hide: (name) => keyring.hideName(name) } : undefined,
      }),
      requirePkce: config.requirePkce,
      quotas: createQuotas(config.quotas),
      publicUrl: () => publicUrl,
    }
    const setupCode = await admitFirstUser(environment, config)
    const wiring = { log, sayRarely, sink, turns, postbox, machines }
    const { url, drain, close, openSocket } = await listen(environment, config, wiring)
    socketOpener.resolve(openSocket)
    publicUrl ||= url
    started.tell()
    const unwatch = found.file && watchRootKey(config.dataDirectory, rootKey, (trouble) => logRootKey(log, trouble))
    return {
      url,
      publicUrl,
      ...(setupCode === undefined ? {} : { setupCode }),
      failed: store.failed,
      drain,
      close() {
        unwatch?.()
        return close()
      },
    }
  } catch (error) {
    socketOpener.reject(error)
    await machines?.stop()
    await store.close()
    throw isUnavailable(error) ? new StartupError('database_unreachable', `${error.message}.`, { cause: error }) : error
  }
}

async function listen(
  environment: Environment,
  config: Config,
  {
    log,
    sayRarely,
    sink,
    turns,
    postbox,
    machines,
  }: Logs & {
    readonly sink: LogSink
    readonly turns: Turns
    readonly postbox: RunningPostbox | undefined
    readonly machines: RunningMachines | undefined
  },
) {
  const { store, keyring } = environment
  const {
    listen: { host, port },
    location,
    publicUrl,
    trusts,
    keepAlive,
    dashboard,
    onFirstConnection,
  } = config
  const cookies = createSessionCookies({ publicOrigin: publicUrl, trusts: trusts ?? (() => false) })
  let isDraining = false
  const { server, openSocket } = createServer({
    log,
    sayRarely,
    logSink: sink,
    store,
    turns,
    trusts,
    keepAlive,
    onFirstConnection,
    isDraining: () => isDraining,
    onUnauthenticated: cookies.clearRefused,
  })
  const authenticate = createAuthenticate({
    store,
    keyring,
    location,
    now: environment.now,
    clock: () => performance.now(),
    // Nobody waits for it.
    noteLate: (tokens, by) => void recordLateUses(environment, { ...by, tokens, at: environment.now(), requestId: '' }),
  })
  openRestDoor(server, { environment, authenticate, credentialOf: cookies.credentialOf })
  openMachinesDoor(server, { environment, authenticate, credentialOf: cookies.credentialOf })
  openFlyctlDoor(server, { environment, authenticate })
  openGraphqlDoor(server, {
    environment,
    authenticate,
    report: (error, requestId) => reportUnforeseen(log, error, requestId),
  })
  openWebDoor(server, {
    environment,
    authenticate,
    cookies,
    report: (failure) => sayRarely('warn', failure, 'a login with the OpenID provider failed'),
    dashboard,
  })
  openThirdPartyDoor(server, environment)
  openOauthDoor(server, { environment, authenticate })
  openForwardAuthDoor(server, { environment, authenticate, rules: config.authorizeRules, trusts })
  const followers = createFollowers(store, () => performance.now())
  openFeedDoor(server, { environment, followers })
  openVerificationsDoor(server, { environment, authenticate })
  expectNetwork()
  let url: string
  try {
    url = await server.listen({ host, port })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const why = reasonsNotToListen.get(code) ?? code
    throw new StartupError('address_unavailable', `Cannot listen at ${host}:${port}: ${why}.`, { cause: error })
  }
  if (
    publicUrl?.startsWith('https:') !== true &&
    !server.addresses().every((bound) => isLoopback(typeof bound === 'string' ? bound : bound.address))
  ) {
    log.warn(
      'Other machines reach this address without TLS, so others on the network can read passwords and tokens. ' +
        'Put a TLS proxy in front, and set --public-url https://… and --trusted-proxies',
    )
  }
  if (publicUrl?.startsWith('https:') === true && trusts === undefined) {
    log.warn(
      '--public-url begins with https://, and --trusted-proxies does not name the proxy that ends TLS: ' +
        'everybody behind it counts as one client. Name its address, for example --trusted-proxies 127.0.0.1',
    )
  }
  const workers = startWorkers(environment, config, { log, postbox })
  const useWriter = startUses(environment, config, log)
  let closing: Promise<void> | undefined
  return {
    url,
    openSocket,
    drain: async () => {
      isDraining = true
      if (config.drain > 0) await wait(config.drain)
    },
    close: () => {
      isDraining = true
      environment.ongoing.close()
      followers.close()
      const before = [...workers, ...(machines === undefined ? [] : [machines])]
      return (closing ??= closeAll(server, { before, after: useWriter }, store, sink))
    },
  }
}

/** Node.js would end the process while it begins to listen, with its own message. */
function expectNetwork(): void {
  // Versions that do not know the permission allow the network to everybody.
  const isKnown = process.allowedNodeEnvironmentFlags.has('--allow-net')
  // It exists only under --permission.
  const { permission } = process as Partial<NodeJS.Process>
  if (!isKnown || permission === undefined || permission.has('net')) return
  throw new StartupError(
    'address_unavailable',
    'Cannot listen: Node.js was started with --permission and without --allow-net.',
  )
}

const reasonsNotToListen: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another program listens there'],
  ['EACCES', 'that port needs rights that this program does not have'],
  ['EADDRNOTAVAIL', 'it is not an address of this machine'],
  ['ENOTFOUND', 'no address has that name'],
])

async function closeAll(
  server: FastifyInstance,
  workers: { readonly before: readonly Worker[]; readonly after: Worker },
  store: Store,
  sink: LogSink,
): Promise<void> {
  await Promise.all([server.close(), ...workers.before.map((worker) => worker.stop())])
  // The last requests used credentials, too.
  await workers.after.stop()
  await store.close()
  sink.close()
}

function logRootKey(log: Logger, trouble: string | undefined): void {
  if (trouble === undefined) log.info('the root key is in its place again')
  else log.error(trouble)
}

interface Logs {
  readonly log: Logger
  readonly sayRarely: SayRarely
}

function logMailFailure(sayRarely: SayRarely, { code, server, requestId, cause, isRefused }: MailFailure): void {
  const fields = { code, server, detail: describeCause({ cause }), request_id: requestId }
  const sentence = 'a mail was not taken by the mail server'
  sayRarely('warn', fields, isRefused ? `${sentence}: this is final, and it is not tried again` : sentence)
}

/** Logs a failure that the answer of the request does not report. The store reports its own trouble once. */
function reportAside({ log, sayRarely }: Logs, error: unknown, requestId: string): void {
  if (!(error instanceof DomainError)) return reportUnforeseen(log, error, requestId)
  const { code, message } = error
  sayRarely('warn', { code, detail: describeCause(error), request_id: requestId }, `not in the answer: ${message}`)
}

/** While there is no account, makes the configured one, or a code with which a person makes it. */
async function admitFirstUser(environment: Environment, { bootstrap }: Config): Promise<Secret | undefined> {
  const { store, passwords } = environment
  const now = environment.now()
  if (await store.read((tx) => tx.users.exist())) return undefined
  if (bootstrap !== undefined) {
    const passwordHash = await passwords.hash(bootstrap.password, '')
    await store.write(async (tx) => {
      if (await tx.users.exist()) return
      const user = await createAccount({ tx, environment, now }, bootstrap.email, passwordHash, 'operator')
      await tx.setupCode.delete()
      await tx.audit.append({
        at: now,
        organisationId: null,
        operation: 'user.bootstrap',
        outcome: 'allowed',
        actor: { kind: 'nobody', id: '', label: 'configuration' },
        target: `user ${user.email}`,
        reason: '',
        requestId: '',
      })
    })
    return undefined
  }
  return store.write((tx) => renewSetupCode({ tx, environment, now }))
}
