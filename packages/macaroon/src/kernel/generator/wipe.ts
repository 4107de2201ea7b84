/** Forgetting: zeros over whatever a call has left in memory. */

import type { Func } from './assembler.ts'
import { get, i32, loopWhile, set, types, v128 } from './instructions.ts'

/** wipe(start, end): zeros from `start`, in whole vectors. */
export const wipe: Func = {
  name: 'wipe',
  params: [types.i32, types.i32],
  results: [],
  locals: [],
  code: loopWhile(i32.less(get(0), get(1)), [
    ...v128.store(get(0), v128.const(Array.from({ length: 16 }, () => 0))),
    ...set(0, i32.add(get(0), i32.const(16))),
  ]),
}
