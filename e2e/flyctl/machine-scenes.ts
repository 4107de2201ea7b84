// What people do with machines and flyctl, command by command, where an engine runs them.
import { expect } from 'vitest'

import type { StartedEngine } from '../machine-engines.ts'
import type { Stage } from './stage.ts'

type Scene = (stage: Stage, engine: StartedEngine) => Promise<void>

const talk = 'echo "hello of $COLOR"; trap "exit 0" INT TERM; while :; do sleep 1; done'
const ofApp = ['-a', 'web-1']
/** What `flyctl status` shows: others it only mentions. */
const managed = ['-m', 'fly_platform_version=v2']

function idIn(output: string): string {
  const [, id = ''] = /Machine ID: ([0-9a-f]{14})/.exec(output) ?? []
  expect(id, output).not.toBe('')
  return id
}

/** Machines, from the first to the last. */
export const machines: Scene = async ({ fly }, engine) => {
  const { image } = engine
  await fly(['apps', 'create', 'web-1', '-o', 'base'])
  const ran = await fly(
    ['machine', 'run', image, '--name', 'one', '-e', 'COLOR=red', ...managed, ...ofApp, '--', 'sh', '-c', talk],
    {
      says: /successfully launched in app web-1[\s\S]*Machine started/,
    },
  )
  const one = idIn(ran)
  const two = idIn(await fly(['machine', 'create', image, ...ofApp, 'sleep', '3600'], { says: /successfully created/ }))
  await fly(['machine', 'list', ...ofApp], { says: new RegExp(`${one}[\\s\\S]*one|one[\\s\\S]*${one}`) })
  expect((await fly(['machine', 'list', '-q', ...ofApp])).split(/\s+/)).toEqual(expect.arrayContaining([one, two]))
  expect(JSON.parse(await fly(['machine', 'list', '--json', ...ofApp]))).toHaveLength(2)
  await fly(['machine', 'status', one, ...ofApp], { says: /State: started[\s\S]*shared[\s\S]*launch/ })
  // By its id alone.
  await fly(['machine', 'status', one], { says: /State: started/ })
  await fly(['machine', 'wait', two, '--state', 'stopped', ...ofApp])
  await fly(['machine', 'start', two, ...ofApp], { says: /has been started/ })
  await fly(['machine', 'wait', two, '--state', 'started', ...ofApp])

  await fly(['machine', 'exec', one, 'sh -c "echo out of $COLOR"', ...ofApp], { says: /out of red/ })
  await fly(['logs', '--no-tail', ...ofApp], { says: /hello of red/ })
  await fly(['machine', 'update', one, '-e', 'COLOR=blue', '-y', ...ofApp], { says: /updated successfully/ })
  await fly(['machine', 'exec', one, 'sh -c "echo now $COLOR"', ...ofApp], { says: /now blue/ })
  await fly(['machine', 'restart', one, ...ofApp], { says: /restarted successfully/ })
  const suspend = ['machine', 'suspend', one, '-w', '20s', ...ofApp]
  // An engine that cannot freeze stops it instead, which flyctl says when its time is over.
  const { pause } = await engine.open().capabilities()
  await fly(suspend, pause ? { says: /suspended/ } : { code: 1, refused: true, says: /currently stopped/ })
  await fly(['machine', 'start', one, ...ofApp], { says: /has been started/ })
  await fly(['machine', 'cordon', one, ...ofApp])
  await fly(['machine', 'uncordon', one, ...ofApp])
  const cloned = await fly(['machine', 'clone', one, '--name', 'three', ...ofApp], { says: /successfully cloned/ })
  const [, three = ''] = /machine ([0-9a-f]{14})/i.exec(cloned.replaceAll(one, '')) ?? []

  await fly(['secrets', 'set', 'HIDDEN=of the app', '--stage', ...ofApp], { says: /staged/ })
  await fly(['secrets', 'list', ...ofApp], { says: /HIDDEN/ })
  await fly(['secrets', 'unset', 'HIDDEN', '--stage', ...ofApp], { says: /staged/ })
  // Whether its image is the newest, nobody knows.
  await fly(['status', ...ofApp], { refused: true, says: new RegExp(`web-1[^]*${one}[^]*started`) })
  expect(JSON.parse(await fly(['status', '--json', ...ofApp]))).toMatchObject({ Name: 'web-1' })

  await fly(['machine', 'stop', one, '-w', '20s', ...ofApp], { says: /has been successfully stopped/ })
  await fly(['machine', 'destroy', one, ...ofApp], { says: /has been destroyed/ })
  await fly(['machine', 'destroy', two, ...ofApp], { code: 1, says: /started/ })
  for (const id of [two, three])
    await fly(['machine', 'destroy', id, '--force', ...ofApp], { says: /has been destroyed/ })
  for (const id of [one, two, three]) await fly(['machine', 'wait', id, '--state', 'destroyed', ...ofApp])
  expect(JSON.parse(await fly(['machine', 'list', '--json', ...ofApp]))).toEqual([])
  await fly(['apps', 'destroy', 'web-1', '-y'], { says: /Destroyed app web-1/ })
}

/** Volumes, and a machine that has one. */
export const volumes: Scene = async ({ fly }, { image, region }) => {
  await fly(['apps', 'create', 'disks', '-o', 'base'])
  const disks = ['-a', 'disks']
  const made = JSON.parse(
    await fly(['volumes', 'create', 'data', '-r', region, '-s', '1', '-y', '--json', ...disks]),
  ) as { readonly id: string }
  const { id } = made
  expect(made).toMatchObject({ name: 'data', size_gb: 1, region, encrypted: false })
  await fly(['volumes', 'list', ...disks], { says: new RegExp(`${id}[^]*data[^]*1GB`) })
  await fly(['volumes', 'show', id, ...disks], { says: new RegExp(`${id}[^]*data`) })
  const mount = ['--volume', 'data:/data', '-r', region]
  const kept = 'echo kept > /data/file; trap "exit 0" INT TERM; while :; do sleep 1; done'
  const one = idIn(await fly(['machine', 'run', image, ...mount, ...disks, '--', 'sh', '-c', kept]))
  await fly(['machine', 'exec', one, 'cat /data/file', ...disks], { says: /kept/ })
  await fly(['volumes', 'list', ...disks], { says: new RegExp(`${id}[^]*${one}`) })
  await fly(['volumes', 'destroy', id, '-y', ...disks], { code: 1, refused: true, says: /currently bound to machine/ })
  await fly(['volumes', 'extend', id, '-s', '+1', ...disks], { says: /2/ })
  const cloned = await fly(['machine', 'clone', one, '-r', region, ...disks], {
    says: /Volume 'data' will start empty[^]*successfully cloned/,
  })
  const [, two = ''] = /machine ([0-9a-f]{14})/i.exec(cloned.replaceAll(one, '')) ?? []
  for (const machine of [one, two]) {
    await fly(['machine', 'destroy', machine, '--force', ...disks])
    await fly(['machine', 'wait', machine, '--state', 'destroyed', ...disks])
  }
  const found = JSON.parse(await fly(['volumes', 'list', '--json', ...disks])) as readonly { readonly id: string }[]
  expect(found).toHaveLength(2)
  for (const volume of found)
    await fly(['volumes', 'destroy', volume.id, '-y', ...disks], { says: /Destroyed volume ID/ })
  await fly(['apps', 'destroy', 'disks', '-y'], { says: /Destroyed app disks/ })
}
