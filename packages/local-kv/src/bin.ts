#!/usr/bin/env node
import { runCommandLine } from './lib/command-line.ts'

await runCommandLine(process.argv)
