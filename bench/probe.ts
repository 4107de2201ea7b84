// Loaded into a server's process before it: answers what its work costs.

/** At least one turn of the event loop lies between two looks. */
let looked = 0
let longest = 0
let watch: NodeJS.Timeout | undefined

process.on('message', (question) => process.send?.(question === 'cpu' ? cpu() : hold()))
// Otherwise the channel would keep the process alive.
process.channel?.unref()
process.on('disconnect', () => process.exit())

function cpu(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function hold(): number {
  watch ??= setInterval(look, 1).unref()
  look()
  const held = longest
  longest = 0
  return held
}

function look(): void {
  const { user, system } = process.threadCpuUsage()
  if (looked > 0) longest = Math.max(longest, user + system - looked)
  looked = user + system
}
