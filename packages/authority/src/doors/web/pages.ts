// The dashboard's files: one page for all its paths, and the assets that it names.
import { access } from 'node:fs/promises'
import { join } from 'node:path'

import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyRequest } from 'fastify'

import { fileHeaders, pageHeaders } from './security-headers.ts'

/** The paths of pages; what is none of them stays unknown. */
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

/** The page that hands a code to the command line which waits for it on the person's own machine. */
const cliPath = '/cli/:id'

const missing = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hallpass</title>
<h1>The dashboard is not built</h1>
<p>This authority runs, and its API answers. To have its pages too, run <code>npm run build:dashboard</code> beside it.</p>
</html>
`

/** Serves the built dashboard of the folder, which may come later than the server. */
export function servePages(server: FastifyInstance, folder: string, publicUrl: () => string): void {
  const index = 'index.html'
  const isSecure = () => publicUrl().startsWith('https:')

  void server.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    index: false,
    dotfiles: 'ignore',
    preCompressed: true,
    // Their names change with what is in them.
    immutable: true,
    maxAge: '1y',
    suppressWarning: true,
    // Files alone, and none in folders: there are none.
    allowedPath: (path) => /^\/?[\w-][\w.-]*$/.test(path),
    setHeaders: (reply) => void reply.headers(fileHeaders(isSecure())),
  })

  function servePage(path: string, connect: readonly string[]): void {
    server.get(path, async (request, reply) => {
      if (!acceptsPages(request) || Object.values(request.params as object).includes('')) return reply.callNotFound()
      void reply.headers(pageHeaders(isSecure(), connect))
      try {
        await access(join(folder, index))
      } catch {
        return reply.code(503).type('text/html; charset=utf-8').send(missing)
      }
      void reply.header('cache-control', 'no-cache')
      return reply.sendFile(index, folder, { cacheControl: false, preCompressed: true } as object)
    })
  }
  for (const path of paths) servePage(path, [])
  servePage(cliPath, ['http://127.0.0.1:*'])
}

/** A browser that is being navigated; a program that mistook the path wants its 404. */
function acceptsPages({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') === true
}
