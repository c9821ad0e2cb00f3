import { createProxy } from 'edge-session/proxy'
import { options } from './options'

export const proxy = createProxy(options)
