// After `npm ci`: builds the dashboard, so that `npm start` has it. Where it cannot be built, installing still succeeds,
// and `npm run build:dashboard` says what is missing. Old syntax on purpose.
var spawnSync = require('node:child_process').spawnSync

var isOld = spawnSync(process.execPath, [require.resolve('./require-node.cjs')], { stdio: 'ignore' }).status !== 0
if (isOld || !isInstalled('vite')) {
  process.stderr.write('Hallpass: the dashboard is not built, for want of ' + (isOld ? 'a newer Node' : 'vite') + '.\n')
} else {
  process.exit(
    spawnSync(process.execPath, [process.env.npm_execpath, 'run', '--silent', 'build:dashboard'], { stdio: 'inherit' })
      .status === 0
      ? 0
      : 1,
  )
}

function isInstalled(name) {
  try {
    require.resolve(name + '/package.json')
    return true
  } catch (error) {
    return error.code !== 'MODULE_NOT_FOUND'
  }
}
