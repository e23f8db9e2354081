// Two commands started at once on a fresh clone must not install and build over each other.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root, say } from './process.mjs'

const file = join(root, '.almanac', 'bootstrap.lock')

const alive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

const take = () => {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  }
}

const owner = () => {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 0
  }
}

export const withLock = async (work) => {
  mkdirSync(join(root, '.almanac'), { recursive: true })
  for (let told = false; !take(); ) {
    const pid = owner()
    // A lock that a killed process left behind is nobody's; an empty one is being written right now.
    if (pid > 0 && !alive(pid)) rmSync(file, { force: true })
    else {
      if (!told) say(`waiting for another command that is installing or building (process ${pid}) ...`)
      told = true
      await sleep(200)
    }
  }
  try {
    await work()
  } finally {
    rmSync(file, { force: true })
  }
}
