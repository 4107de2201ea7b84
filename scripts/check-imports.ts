// Checks which way imports point, between packages and between the folders of the authority and of the dashboard: the house
// of ARCHITECTURE.md. Also that the benchmark imports public entries only.
import { existsSync, globSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')

/** What each package may import of ours. */
const packages: Readonly<Record<string, readonly string[]>> = {
  '@hallpass/macaroon': [],
  '@hallpass/engine': [],
  '@hallpass/client': ['@hallpass/macaroon'],
  '@hallpass/guard': ['@hallpass/macaroon', '@hallpass/client'],
  '@hallpass/authority': ['@hallpass/macaroon', '@hallpass/client', '@hallpass/guard', '@hallpass/engine'],
  hallpass: ['@hallpass/macaroon', '@hallpass/client', '@hallpass/guard'],
  '@hallpass/dashboard': ['@hallpass/macaroon', '@hallpass/client'],
}

/** What a folder may import: folders of its own package, packages of ours, and parts from elsewhere. */
interface Room {
  readonly folders: readonly string[]
  readonly parts: readonly string[]
}

const authorityRooms: Readonly<Record<string, Room>> = {
  domain: { folders: [], parts: ['@hallpass/macaroon', '@hallpass/client/visible-text'] },
  keyring: { folders: ['domain'], parts: ['@hallpass/macaroon', 'jose'] },
  identity: {
    folders: ['domain'],
    parts: ['@hallpass/client/json', '@simplewebauthn/server', 'jose', 'openid-client', 'zod'],
  },
  mail: { folders: ['domain'], parts: ['nodemailer'] },
  store: { folders: ['domain'], parts: ['@hallpass/guard/weighted-cache', 'kysely', 'pg'] },
  operator: { folders: ['domain', 'keyring', 'machines', 'operations', 'store'], parts: [] },
  'operations/perform': {
    folders: ['domain'],
    parts: ['@hallpass/guard/weighted-cache', '@hallpass/macaroon', '@hallpass/macaroon/name'],
  },
  'operations/discharges': { folders: ['domain', 'operations/perform'], parts: ['@hallpass/macaroon'] },
  'operations/organisations': {
    folders: ['domain', 'operations/perform', 'operations/discharges'],
    parts: ['@hallpass/macaroon'],
  },
  'operations/apps': {
    folders: ['domain', 'operations/perform', 'operations/organisations'],
    parts: ['@hallpass/macaroon'],
  },
  'operations/machines': {
    folders: [
      'domain',
      'operations/perform',
      'operations/organisations',
      'operations/apps',
      'operations/secrets',
      'operations/tokens',
    ],
    parts: ['@hallpass/macaroon'],
  },
  'operations/members': {
    folders: ['domain', 'operations/perform', 'operations/organisations'],
    parts: ['@hallpass/macaroon'],
  },
  'operations/tokens': {
    folders: ['domain', 'operations/perform', 'operations/discharges', 'operations/organisations', 'operations/apps'],
    parts: ['@hallpass/macaroon', '@hallpass/macaroon/json', '@hallpass/macaroon/name'],
  },
  'operations/trust': {
    folders: ['domain', 'operations/perform', 'operations/organisations', 'operations/apps', 'operations/tokens'],
    parts: ['@hallpass/macaroon'],
  },
  'operations/feed': { folders: ['domain', 'operations/perform'], parts: [] },
  'operations/accounts': {
    folders: ['domain', 'operations/perform', 'operations/organisations', 'operations/members'],
    parts: ['@hallpass/macaroon'],
  },
  'operations/secrets': {
    folders: ['domain', 'operations/perform', 'operations/apps'],
    parts: ['@hallpass/macaroon'],
  },
  'operations/volumes': {
    folders: ['domain', 'operations/perform', 'operations/organisations', 'operations/apps', 'operations/machines'],
    parts: ['@hallpass/macaroon'],
  },
  machines: { folders: ['domain', 'workers'], parts: ['@hallpass/engine'] },
  workers: { folders: ['domain'], parts: [] },
  'doors/http': {
    folders: ['domain', 'operations'],
    parts: ['@hallpass/client', '@hallpass/client/contract', '@hallpass/guard/forwarded', 'fastify', 'zod'],
  },
  'doors/flyctl': {
    folders: ['domain', 'operations', 'doors/http'],
    parts: ['@hallpass/client', '@hallpass/client/contract', 'fastify', 'zod'],
  },
  'doors/graphql': {
    folders: ['domain', 'operations', 'doors/http'],
    parts: [
      '@hallpass/client',
      '@hallpass/client/contract',
      '@hallpass/guard/weighted-cache',
      'fastify',
      'graphql',
      'zod',
    ],
  },
  'doors/machines': {
    folders: ['domain', 'operations', 'doors/http'],
    parts: ['@hallpass/macaroon', '@hallpass/client', '@hallpass/client/contract', 'fastify', 'ws', 'zod'],
  },
  'doors/rest': {
    folders: ['domain', 'operations', 'doors/http'],
    parts: ['@hallpass/client', '@hallpass/client/contract', 'fastify', 'zod'],
  },
  'doors/web': {
    folders: ['domain', 'operations', 'doors/http'],
    parts: ['@hallpass/client', '@hallpass/client/contract', '@fastify/static', 'fastify'],
  },
  'doors/oauth': {
    folders: ['domain', 'operations', 'doors/http'],
    parts: ['@hallpass/client', '@hallpass/client/contract', 'fastify', 'zod'],
  },
  'doors/feed': {
    folders: ['domain', 'operations', 'doors/http'],
    parts: ['@hallpass/client', '@hallpass/guard/forwarded', 'fastify', 'zod'],
  },
  'doors/forward-auth': {
    folders: ['domain', 'operations', 'doors/http'],
    parts: ['@hallpass/client', '@hallpass/client/contract', '@hallpass/guard/forwarded', 'fastify', 'zod'],
  },
  'doors/third-party': {
    folders: ['domain', 'operations', 'doors/http'],
    parts: ['fastify', 'zod'],
  },
}

const dashboardRooms: Readonly<Record<string, Room>> = {
  words: { folders: [], parts: [] },
  ui: { folders: ['words'], parts: ['@hallpass/client', 'react', 'wouter'] },
  api: { folders: [], parts: ['@hallpass/client', 'react', 'swr'] },
  session: { folders: ['ui', 'api'], parts: ['@hallpass/client', 'react'] },
  shell: { folders: ['ui', 'api', 'session'], parts: ['@hallpass/client', 'react', 'wouter'] },
  caveats: { folders: ['ui'], parts: ['@hallpass/macaroon', '@hallpass/client', 'react'] },
  tokens: {
    folders: ['words', 'ui', 'api', 'session', 'shell', 'caveats'],
    parts: ['@hallpass/macaroon', '@hallpass/client', 'react', 'wouter'],
  },
  members: { folders: ['words', 'ui', 'api', 'session', 'shell'], parts: ['@hallpass/client', 'react', 'wouter'] },
  machines: { folders: ['ui', 'api', 'session'], parts: ['@hallpass/client', 'react', 'wouter'] },
  trust: { folders: ['ui', 'api', 'session', 'shell'], parts: ['@hallpass/client', 'react'] },
  limits: { folders: ['ui', 'api', 'session', 'shell'], parts: ['@hallpass/client', 'react'] },
  account: { folders: ['words', 'ui', 'api', 'session', 'shell'], parts: ['@hallpass/client', 'react', 'wouter'] },
  inspect: { folders: ['ui', 'caveats'], parts: ['@hallpass/macaroon', '@hallpass/client', 'react'] },
  pages: {
    folders: [
      'words',
      'ui',
      'api',
      'session',
      'shell',
      'caveats',
      'tokens',
      'members',
      'machines',
      'trust',
      'limits',
      'account',
      'inspect',
    ],
    parts: ['@hallpass/client', 'react', 'wouter'],
  },
}

/** The packages that have rooms. */
const houses: Readonly<Record<string, Readonly<Record<string, Room>>>> = {
  authority: authorityRooms,
  dashboard: dashboardRooms,
}

/** The exceptions to the arrows: the file that loads the server, and the command that looks up the dashboard's files. */
const exceptions = new Set([
  'packages/cli/src/authority-package.ts @hallpass/authority',
  'packages/cli/src/commands/serve/serve.ts @hallpass/dashboard/index.html',
])

const problems: string[] = []
for (const file of globSync('packages/*/src/**/*.{ts,tsx}', { cwd: root }).toSorted()) {
  const text = readFileSync(join(root, file), 'utf8')
  for (const specifier of importsOf(text)) {
    const problem = check(file, specifier)
    if (problem !== undefined) problems.push(`${file}: imports ${specifier}: ${problem}`)
  }
}
for (const file of globSync('bench/*.ts', { cwd: root }).toSorted()) {
  for (const specifier of importsOf(readFileSync(join(root, file), 'utf8'))) {
    if (specifier.includes('packages/'))
      problems.push(`${file}: imports ${specifier}: it may import public entries only`)
  }
}
problems.push(...checkMap(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')), ...checkTables())
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`)
  process.exit(1)
}

/** The tables here, README.md, the map and the list of decisions name every folder and page. */
function checkTables(): string[] {
  const found: string[] = []
  const lacks = (file: string, folder: string, wanted: (name: string) => string) => {
    const text = readFileSync(join(root, file), 'utf8')
    for (const name of readdirSync(join(root, folder))) {
      if (name !== 'README.md' && !text.includes(wanted(name))) found.push(`${file}: does not name ${folder}/${name}`)
    }
  }
  lacks('README.md', 'packages', (name) => `(packages/${name}`)
  lacks('decisions/README.md', 'decisions', (name) => `(${name})`)
  for (const folder of readdirSync(join(root, 'packages'))) {
    const name = nameOfPackage(folder)
    if (!existsSync(join(root, 'packages', folder, 'README.md'))) found.push(`packages/${folder}: has no README.md`)
    if (packages[name] === undefined) found.push(`scripts/check-imports.ts: says nothing of ${name}`)
  }
  const map = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n')
  for (const { name } of readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const isOurs = !name.startsWith('.') && name !== 'packages' && !ignored.includes(`${name}/`)
    if (isOurs && !map.includes(`\`${name}/\``)) found.push(`ARCHITECTURE.md: does not name ${name}/`)
  }
  const files = Object.keys(houses).flatMap((house) => globSync(`packages/${house}/src/*/**/*.{ts,tsx}`, { cwd: root }))
  for (const folder of new Set(files.filter((file) => roomOf(file) === undefined).map(dirname))) {
    const isWiring = map.includes(`| \`${relative('packages/authority/src', folder).split('/')[0]}/\` \`config`)
    if (!isWiring) found.push(`scripts/check-imports.ts: ${folder} is no room`)
  }
  return found
}

/** The map has a row for every package and every room, and says of each room what is allowed here. */
function checkMap(map: string): string[] {
  const found: string[] = []
  for (const folder of readdirSync(join(root, 'packages'))) {
    if (!map.includes(`| \`packages/${folder}\``)) found.push(`ARCHITECTURE.md: has no row for packages/${folder}`)
  }
  const rooms = Object.entries(houses).flatMap(([house, own]) => {
    // Two houses may have rooms of one name.
    const rows = map.slice(map.indexOf(`Inside \`packages/${house}/src\``)).split('\n')
    return Object.entries(own).map(([room, allowed]) => ({ room, ...allowed, rows }))
  })
  for (const { room, folders, parts, rows } of rooms) {
    const row = rows.find((line) => line.startsWith(`| \`${room}/\``))
    const told = [...(row?.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
    const ours = parts.filter((part) => /^@hallpass\/[^/]+$/.test(part)).map((part) => part.replace('@hallpass/', ''))
    if (told.toSorted().join() !== [...folders, ...ours].toSorted().join()) {
      found.push(`ARCHITECTURE.md: the row of ${room}/ does not say what scripts/check-imports.ts allows`)
    }
  }
  return found
}

function check(file: string, specifier: string): string | undefined {
  if (exceptions.has(`${file} ${specifier}`)) return undefined
  const [, folder = ''] = /^packages\/([^/]+)\//.exec(file) ?? []
  const name = nameOfPackage(folder)
  if (specifier.startsWith('.')) {
    const target = relative(root, resolve(root, dirname(file), specifier))
    if (target.startsWith(`packages/${folder}/src/`)) return checkRoom(file, target)
    // What the tests of a package share, those of the packages over it may use too.
    const [, below] = /^packages\/([^/]+)\/src\/testing\//.exec(target) ?? []
    const isShared = below !== undefined && (packages[name]?.includes(nameOfPackage(below)) ?? false)
    return isShared && file.endsWith('.test.ts') ? undefined : 'it lies outside of the package'
  }
  const target = /^(@hallpass\/[^/]+|hallpass)(\/|$)/.exec(specifier)?.[1]
  if (target !== undefined && !packages[name]?.includes(target)) return `${name} may not import ${target}`
  // The core and the guard run in browsers and edge workers; the contract and the client in browsers.
  if (
    specifier.startsWith('node:') &&
    ['macaroon', 'client', 'guard', 'dashboard'].includes(folder) &&
    !file.endsWith('.test.ts') &&
    // Doors of their own, for servers of Node.
    !/^packages\/guard\/src\/(?:middleware|sidecar)\//.test(file)
  ) {
    return `${name} runs where there is no Node`
  }
  return checkPart(file, specifier)
}

function checkRoom(file: string, target: string): string | undefined {
  const from = roomOf(file)
  const to = roomOf(target)
  if (from === undefined || from === to || isTest(file)) return undefined
  if (to === undefined) return 'wiring imports rooms, and no room imports wiring'
  const allowed = (roomsAt(file)[from]?.folders ?? []).some((folder) => to === folder || to.startsWith(`${folder}/`))
  return allowed ? undefined : `${from} may not import ${to}`
}

function checkPart(file: string, specifier: string): string | undefined {
  const room = roomOf(file)
  if (room === undefined || specifier.startsWith('node:') || isTest(file)) return undefined
  const allowed = roomsAt(file)[room]?.parts ?? []
  return allowed.some((part) => specifier === part || specifier.startsWith(`${part}/`))
    ? undefined
    : `${room} may not use it`
}

function roomOf(file: string): string | undefined {
  const path = file.replace(/^packages\/[^/]+\/src\//, '')
  return Object.keys(roomsAt(file)).find((room) => path.startsWith(`${room}/`))
}

/** The rooms of the package that a file lies in. */
function roomsAt(file: string): Readonly<Record<string, Room>> {
  return houses[/^packages\/([^/]+)\//.exec(file)?.[1] ?? ''] ?? {}
}

/** What only tests use: the suites and the launchers beside them. */
function isTest(file: string): boolean {
  return /\.test\.ts$|\/testing\/|\/conformance[\w-]*\.ts$/.test(file)
}

function nameOfPackage(folder: string): string {
  return folder === 'cli' ? 'hallpass' : `@hallpass/${folder}`
}

function importsOf(text: string): string[] {
  const statements = text.matchAll(
    /^(?:import|export)\s+(?:type\s+)?(?:[\w$]+\s*,?\s*)?(?:\{[^}]*\}|\*[^'"]*?)?\s*from\s+'([^']+)'/gm,
  )
  const bare = text.matchAll(/^import\s+'([^']+)'/gm)
  const dynamic = text.matchAll(/\bimport\(\s*'([^']+)'/g)
  const resolved = text.matchAll(/\bimport\.meta\.resolve\(\s*'([^']+)'/g)
  return [...statements, ...bare, ...dynamic, ...resolved].map((match) => match[1] ?? '')
}
