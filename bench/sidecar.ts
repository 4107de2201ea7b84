// What a sidecar behind nginx costs: processor time of both for a request, beside nginx alone.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { furnish } from '../e2e/open-authority.ts'
import { freePort } from '../e2e/free-port.ts'
import { readRequests } from './http.ts'
import { connectLoad, type LoadClient } from './load.ts'
import { processorTime } from './processor-time.ts'
import type { Piece, Round } from './row.ts'
import type { Run } from './run.ts'
import { sourceEntry, startAuthority, startBareServer, startServer, type Server } from './server.ts'

interface World {
  readonly nginx: number
  readonly sidecar: Server
  /** By the name of the server in nginx. */
  readonly clients: ReadonlyMap<string, LoadClient>
  readonly requests: readonly Buffer[]
  readonly count: number
}

const through =
  (name: string): Round<World> =>
  async ({ nginx, sidecar, clients, requests, count }) => {
    const before = [processorTime(nginx), await sidecar.cpu()] as const
    const time = (await clients.get(name)?.run(requests, count, 200)) ?? Number.NaN
    const ofNginx = (processorTime(nginx) - before[0]) / count
    const ofSidecar = ((await sidecar.cpu()) - before[1]) / count
    return { time, cpu: ofNginx + ofSidecar, nginx: ofNginx, sidecar: ofSidecar }
  }
const alone = through('alone')
const recipe = through('recipe')
const least = through('least')

export const sidecar: Piece<World> = {
  groups: [
    {
      note: 'Processor time for a request that nginx, with one worker, passes on to a service over connections that are kept: of nginx, and of the sidecar that it asks with `auth_request`, by the query. 512 tokens take turns, which the sidecar knows already. Beside: the same nginx, which asks nobody. The last row is what a question costs at the least, whoever answers it. The time of nginx is counted in hundredths of a second.',
      rounds: 10,
      warmUp: 2,
      rows: [
        { what: 'asks a sidecar, as docs/gateways.md has it', how: recipe, beside: alone, cost: 'cpu', goal: 1.25 },
        { what: 'of that the sidecar', how: recipe, cost: 'sidecar' },
        {
          what: 'of nginx alone, which asks another nginx for an empty answer',
          how: least,
          beside: alone,
          cost: 'nginx',
        },
      ],
    },
  ],

  async open(run) {
    const data = run.directory()
    const furniture = await furnish(data, { apps: 1, tokens: 512 })
    const authority = await startAuthority(run, data)
    const credential = await makeVerifier(run, data)
    const words = ['guard', '--authority', authority.url, '--listen', '127.0.0.1:0', '--trusted-proxies', '127.0.0.1']
    const argv = ['--import', join(import.meta.dirname, 'probe.ts'), sourceEntry, ...words]
    const guard = await startServer(run, argv, { HALLPASS_VERIFIER: credential }, 'ipc')
    const service = await startBareServer(run, '{"served":true}')
    const ports = {
      alone: await freePort(),
      recipe: await freePort(),
      least: await freePort(),
      empty: await freePort(),
    }
    const query = `action=r&org_slug=${furniture.organisationSlug}`
    startNginx(run, `server { listen 127.0.0.1:${ports.empty}; return 204; }`)
    const nginx = startNginx(run, configure({ ports, query, sidecar: guard.url, service: service.url }))
    const clients = new Map<string, LoadClient>()
    for (const name of ['alone', 'recipe', 'least'] as const) {
      const port = ports[name]
      const url = `http://127.0.0.1:${port}`
      while (
        !(await fetch(url).then(
          () => true,
          () => false,
        ))
      );
      const client = await connectLoad(url, 32)
      run.stack.defer(() => client.close())
      clients.set(name, client)
    }
    const requests = readRequests({ ...furniture, appNames: ['web'] }, 512)
    return { nginx, sidecar: guard, clients, requests, count: run.quick ? 2000 : 10_000 }
  },
}

async function makeVerifier(run: Run, data: string): Promise<string> {
  const child = run.spawnNode([sourceEntry, 'verifiers', 'create', '--name', 'bench', '--data', data])
  let said = ''
  child.stderr?.resume()
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  await once(child, 'close')
  return said.trim()
}

/** The number of its process. */
function startNginx(run: Run, servers: string): number {
  const directory = run.directory()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  )
  const file = join(directory, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr; events {} http { access_log off; keepalive_requests 1000000; ${paths.join(' ')}\n${servers}\n}`,
  )
  const child = run.spawnProgram('nginx', ['-c', file], {})
  child.stdout?.resume()
  child.stderr?.resume()
  return child.pid ?? 0
}

interface Configured {
  readonly ports: Readonly<Record<'alone' | 'recipe' | 'least' | 'empty', number>>
  readonly query: string
  readonly sidecar: string
  readonly service: string
}

function configure({ ports, query, sidecar, service }: Configured): string {
  const upstream = (name: string, url: string) =>
    `upstream ${name} { server ${new URL(url).host}; keepalive 64; keepalive_requests 1000000; }`
  const pass = 'proxy_http_version 1.1; proxy_set_header Connection "";'
  const server = (port: number, asked?: string) => `server {
    listen 127.0.0.1:${port};
    large_client_header_buffers 8 64k;
    location / {
      ${asked === undefined ? '' : 'auth_request /_hallpass; auth_request_set $hallpass_token $upstream_http_hallpass_token; proxy_set_header Hallpass-Token $hallpass_token;'}
      proxy_set_header Authorization "";
      ${pass}
      proxy_pass http://service;
    }
    ${
      asked === undefined
        ? ''
        : `location = /_hallpass {
      internal;
      proxy_pass ${asked}/authorize?${query};
      proxy_method HEAD;
      ${pass}
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Forwarded-For $remote_addr;
    }`
    }
  }`
  return [
    upstream('service', service),
    upstream('sidecar', sidecar),
    upstream('empty', `http://127.0.0.1:${ports.empty}`),
    server(ports.alone),
    server(ports.recipe, 'http://sidecar'),
    server(ports.least, 'http://empty'),
  ].join('\n')
}
