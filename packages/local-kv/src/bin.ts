#!/usr/bin/env node
import { startLocalKV } from './lib/local-kv.ts'

const kv = await startLocalKV({ port: 8079 })
console.log(`local-kv: ${kv.url} (token ${kv.token})`)
