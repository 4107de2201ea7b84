// The program of the keeper: `node keeper-main.js DIRECTORY`, which the engine starts when it needs one.
import { keep } from './keeper.ts'

await keep(process.argv[2] ?? '')
