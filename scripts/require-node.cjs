// Every npm script runs this first: an old Node gets a sentence, not a stack trace. Old syntax on purpose.
var needed = [24, 12]
var found = process.versions.node.split('.').map(Number)
if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  process.stderr.write(
    'Hallpass needs Node >= ' +
      needed.join('.') +
      ', and this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\n' +
      'On Linux x64 "npm ci" brings a Node that fits, and npm and npx use it; on ' +
      process.platform +
      ' ' +
      process.arch +
      ', install a newer Node from https://nodejs.org.\n',
  )
  process.exit(1)
}
