export { auth as proxy } from './session'
