export { proxy } from './session'
