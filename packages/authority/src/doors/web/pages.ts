// The dashboard's files: one page for all its paths, and its assets.
import { access } from 'node:fs/promises'
import { join } from 'node:path'

import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { DomainError } from '../../domain/errors.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { isOfApi } from '../http/errors.ts'
import { fileHeaders, pageHeaders } from './security-headers.ts'

/** The paths of pages; all others are unknown. */
const paths = [
  '/',
  '/login',
  '/setup',
  '/invite',
  '/reset',
  '/account',
  '/inspect',
  '/orgs',
  '/discharge/:id',
  '/dashboard/:org',
  '/dashboard/:org/:page',
  '/dashboard/:org/tokens/:id',
]

/** The page that passes a code to the command line on the person's own machine. */
const cliPath = '/cli/:id'

const missing = sayWhy('The dashboard is not built', 'For its pages, run <code>npm run build:dashboard</code> too.')
const unreadable = sayWhy(
  'The dashboard cannot be read',
  'The user that runs it needs to read the files of <code>@hallpass/dashboard</code>, and so does Node.js, if it was started with <code>--permission</code>.',
)

function sayWhy(heading: string, remedy: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hallpass</title>
<h1>${heading}</h1>
<p>This authority runs, and its API answers. ${remedy}</p>
</html>
`
}

/** Serves the built dashboard from the folder, which may appear after the server's start. */
export function servePages(
  server: FastifyInstance,
  folder: string,
  { publicUrl, report }: Pick<Environment, 'publicUrl' | 'report'>,
): void {
  const index = 'index.html'
  const isSecure = () => publicUrl().startsWith('https:')

  void server.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    index: false,
    dotfiles: 'ignore',
    preCompressed: true,
    // Their names change with their content.
    immutable: true,
    maxAge: '1y',
    suppressWarning: true,
    // Only files at the top level; there are no folders.
    allowedPath: (path) => /^\/?[\w-][\w.-]*$/.test(path),
    setHeaders: (reply) => void reply.headers(fileHeaders(isSecure())),
  })

  async function sendPage(reply: FastifyReply, connect: readonly string[]): Promise<FastifyReply> {
    void reply.headers(pageHeaders(isSecure(), connect))
    try {
      await access(join(folder, index))
    } catch (cause) {
      report(new DomainError('unavailable', 'the files of the dashboard cannot be read', { cause }), reply.request.id)
      const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
      return reply
        .code(503)
        .type('text/html; charset=utf-8')
        .send(isMissing ? missing : unreadable)
    }
    void reply.header('cache-control', 'no-cache')
    return reply.sendFile(index, folder, { cacheControl: false, preCompressed: true } as object)
  }
  function servePage(path: string, connect: readonly string[]): void {
    server.get(path, async (request, reply) => {
      if (!acceptsPages(request)) return reply.callNotFound()
      if (Object.values(request.params as object).includes('')) return sendLost(request, reply)
      return sendPage(reply, connect)
    })
  }
  /** Redirects a mistyped address to the page that is meant; if there is none, a page says so. */
  function sendLost({ url }: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> {
    const [path = '', ...query] = url.split('?')
    const meant = findMeantPath(path)
    return meant === undefined ? sendPage(reply.code(404), []) : reply.redirect([meant, ...query].join('?'))
  }
  for (const path of paths) servePage(path, [])
  servePage(cliPath, ['http://127.0.0.1:*'])
  server.addHook('onRequest', async (request, reply) => {
    // Some programs accept HTML because they accept anything. They must learn that a part of the API is not served.
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const isLost = request.is404 && isRead && !isOfApi(request) && acceptsPages(request)
    return isLost ? sendLost(request, reply) : undefined
  })
}

/** The page that a path means, apart from capitals and superfluous slashes. */
function findMeantPath(path: string): string | undefined {
  const parts = path.split('/').filter((part) => part !== '')
  for (const page of [...paths, cliPath, '/dashboard']) {
    const words = page.split('/').filter((word) => word !== '')
    const meant = words.map((word, index) => readPart(word, parts[index] ?? ''))
    if (words.length !== parts.length || meant.includes(undefined)) continue
    return page === '/dashboard' ? '/' : `/${meant.join('/')}`
  }
  return undefined
}

/** Words are lower case, and so are names of organisations and pages; ids stay unchanged. */
function readPart(word: string, part: string): string | undefined {
  const small = part.toLowerCase()
  if (word === ':id') return part
  return word.startsWith(':') || small === word ? small : undefined
}

/** Whether a browser navigates; a program with a wrong path needs its 404. */
function acceptsPages({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') === true
}
