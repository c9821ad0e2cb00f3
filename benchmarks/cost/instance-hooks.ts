import { register } from 'node:module'

register('./instance-specifiers.js', import.meta.url)
