// The program of the keeper: `node keeper-main.js DIRECTORY`, begun by the engine when it needs one.
import { keep } from './keeper.ts'

await keep(process.argv[2] ?? '')
