// Turns messages of a Docker Engine, and of Podman, into errors of ours.
import { EngineError, type EngineErrorCode } from './engine-error.ts'

/** Of an answer with a status from 300 on. */
export function errorOfAnswer(status: number, text: string): EngineError {
  return errorOfWords(wordsOf(text), status)
}

/** From a message within an answer, as of a pull that failed halfway. */
export function errorOfWords(words: string, status = 500): EngineError {
  const said = quote(words)
  const cause = new Error(`${status}: ${words}`)
  for (const [pattern, code, sentence] of meanings) {
    if (pattern.test(words)) return new EngineError(code, sentence.replace('%s', said), { cause })
  }
  if (status === 404) return new EngineError('run_not_found', `The engine does not know it: ${said}`, { cause })
  if (status === 503) return new EngineError('unavailable', `The engine is not ready: ${said}`, { cause })
  return new EngineError('failed', `The engine refused it: ${said}`, { cause })
}

/** In order: the first that fits. */
const meanings: readonly (readonly [RegExp, EngineErrorCode, string])[] = [
  // Podman answers 500 where a container goes while it is looked at.
  [/no such container|no container with name or ID/i, 'run_not_found', 'There is no such run'],
  [/no such volume|no volume with name/i, 'volume_not_found', 'There is no such volume'],
  [/volume is in use|volume .* is being used/i, 'volume_in_use', 'A run has the volume'],
  [
    /is already in use|(?:network .*|volume) already exists|already used by network|same bridge name/i,
    'name_taken',
    'The engine has something of that name already',
  ],
  // It was removed after it was found: with the last run in it, just before another came. The next try makes it again.
  [/network .*not found/i, 'failed', 'The network is gone: %s'],
  [/container-init binary not found/i, 'unsupported', 'Podman finds no init program for containers: install catatonit'],
  [/error mounting .*not a directory/i, 'bad_spec', 'The image has a file where a folder is needed: %s'],
  [
    /bind source path does not exist|statfs .*no such file/i,
    'unsupported',
    'The engine does not see the folders of this machine: %s',
  ],
  [/no space left on device|disk quota exceeded/i, 'no_space', "The engine's disk is full"],
  [
    /non-overlapping IPv4 address pool|could not find free subnet|no available IPv4|no free IP|pool is exhausted/i,
    'no_addresses',
    "The engine has no addresses left for another network: widen `default-address-pools` in dockerd's daemon.json",
  ],
  [
    /storage-opt|quota not supported|diskquota/i,
    'unsupported',
    'The engine cannot limit the size of a root filesystem: %s',
  ],
  [
    /executable file not found|command that was not found|exec[^]*no such file or directory/i,
    'command_not_found',
    'The command cannot be run: %s',
  ],
  [
    /exec format error|\bexec: "|exec[^]*(?:permission denied|is a directory|file name too long)|No command specified|no command or entrypoint/i,
    'command_not_runnable',
    'The command cannot be run: %s',
  ],
  [/read init-p: connection reset|resource temporarily unavailable/i, 'failed', 'No other process fits in: %s'],
  [
    /unable to find user|no matching entries in passwd|unable to find group/i,
    'bad_spec',
    'The image does not have the user: %s',
  ],
  [
    /no such image|manifest unknown|manifest for .* not found|image not known|unable to find .*in local|repository does not exist|name unknown/i,
    'image_not_found',
    'There is no such image: %s',
  ],
  [
    /no matching manifest|does not match the (?:detected|specified) .*platform|no image found in (?:manifest|image index)/i,
    'image_unusable',
    'The image is not for this machine: %s',
  ],
  [
    /invalid reference|invalid tag|repository name must be/i,
    'image_unusable',
    'The name of the image is not well formed: %s',
  ],
  [
    /unauthorized|authentication required|denied:|no basic auth|401 Unauthorized|403 Forbidden|access .*denied/i,
    'image_refused',
    'The registry refuses to give the image: %s',
  ],
  [
    // A request of the engine's own that failed in any way is one to a registry.
    /no such host|dial tcp|i\/o timeout|TLS handshake|server gave HTTP response|x509|Client\.Timeout|connection re|\b(?:Get|Head) "https?:/i,
    'registry_unreachable',
    'The registry cannot be reached: %s',
  ],
  [
    /is not running|is not paused|already paused|container state improper|can only (?:kill|pause|create exec)/i,
    'not_running',
    'The run is not running',
  ],
]

function wordsOf(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text)
    const message: unknown = Reflect.get(Object(parsed), 'message')
    if (typeof message === 'string') return message
  } catch {
    // Older engines give the message itself.
  }
  return text.trim()
}

/** On one line, shortened, and without the runtime's own prefix and the host's paths of a mount. */
function quote(words: string): string {
  const line = words
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .replace(/^.*unable to start container process: /, '')
    .replace(/: unknown(?:: Are you trying to mount .*)?$/, '')
    .replace(/ Error: read unixpacket .*$/, '')
    .replace(/^.*error mounting .* to rootfs at ("[^"]*").*$/, 'nothing can be mounted at $1')
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
