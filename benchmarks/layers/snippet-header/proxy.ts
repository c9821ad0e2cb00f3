export { proxy } from '../snippet/proxy'
