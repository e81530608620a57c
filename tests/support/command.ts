import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { root } from "./repository.js"

const execute = promisify(execFile)

/** Runs Node in a folder. What it printed is the result, or the message of what it failed with. */
export async function node(args: readonly string[], cwd: string = root): Promise<string> {
  return printed(execute(process.execPath, [...args], { cwd, maxBuffer: 64 * 1024 * 1024 }))
}

/** Runs a program of the path, as `node` does. */
export async function command(name: string, args: readonly string[], cwd: string = root) {
  return printed(execute(name, [...args], { cwd, maxBuffer: 64 * 1024 * 1024 }))
}

async function printed(running: Promise<{ stdout: string; stderr: string }>): Promise<string> {
  try {
    const { stdout, stderr } = await running
    return stdout + stderr
  } catch (error) {
    const { message, stdout, stderr } = error as Error & { stdout: string; stderr: string }
    throw new Error(`${message}\n${stdout}\n${stderr}`)
  }
}
