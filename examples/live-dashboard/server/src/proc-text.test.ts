import { describe, expect, it } from "vitest"
import {
  coresOf,
  diskOf,
  loadOf,
  memoryOf,
  networkOf,
  pageBytesOf,
  processOf,
  programOf,
} from "./proc-text.js"

describe("/proc/stat", () => {
  it("tells each core's time, and not their sum", () => {
    const text = [
      "cpu  30 2 9 200 8 1 2 4 5 0",
      "cpu0 10 1 4 100 5 1 0 2 3 0",
      "cpu1 20 1 5 100 3 0 2 2 2 0",
      "intr 442302 0 0",
      "ctxt 901366",
    ].join("\n")
    expect(coresOf(text)).toEqual([
      { busy: 18, total: 123 },
      { busy: 30, total: 133 },
    ])
  })

  it("tells nothing where there is nothing", () => {
    expect(coresOf("")).toEqual([])
  })
})

describe("/proc/meminfo", () => {
  it("counts as used what could not be freed at once", () => {
    const text =
      "MemTotal:       24684084 kB\nMemFree:        23807128 kB\nMemAvailable:   24299284 kB\n"
    expect(memoryOf(text)).toEqual({ used: (24684084 - 24299284) * 1024, total: 24684084 * 1024 })
  })

  it("makes do without MemAvailable, as kernels before 3.14 do", () => {
    expect(memoryOf("MemTotal: 100 kB\nMemFree: 40 kB\n")).toEqual({ used: 61440, total: 102400 })
  })

  it("is no memory at all without a total", () => {
    expect(() => memoryOf("")).toThrow("MemTotal")
  })
})

describe("/proc/loadavg", () => {
  it("begins with the three averages", () => {
    expect(loadOf("0.11 0.22 0.16 1/91 8823\n")).toEqual([0.11, 0.22, 0.16])
  })

  it("is left out where it is not there", () => {
    expect(loadOf("")).toBeUndefined()
  })
})

describe("/proc/net/dev", () => {
  const head = [
    "Inter-|   Receive                                                |  Transmit",
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs",
  ]

  it("sums the interfaces that lead out, and no bridge or loop", () => {
    const lines = [
      "    lo:    3193      29    0    0    0     0          0         0     3193      29    0",
      "  eth0: 460007177   13202    0    0    0     0          0         0   946537    9335    0",
      "wlan0:1000 1 0 0 0 0 0 0 10 1 0",
      "docker0: 77 1 0 0 0 0 0 0 77 1 0",
    ]
    expect(networkOf([...head, ...lines].join("\n"))).toEqual({ in: 460008177, out: 946547 })
  })

  it("is left out where nothing leads out", () => {
    expect(networkOf([...head, "    lo: 1 1 0 0 0 0 0 0 1 1 0"].join("\n"))).toBeUndefined()
    expect(networkOf("")).toBeUndefined()
  })
})

describe("/proc/diskstats", () => {
  it("sums whole disks in bytes, and neither their partitions nor what lies upon them", () => {
    const text = [
      "   7       0 loop0 9 0 9 0 9 0 9 0 0 0 0",
      " 254       0 vda 39907 9712 3473514 19647 20965 29641 3405024 11150 0 8628 31589",
      " 254       1 vda1 1 1 1 1 1 1 1 1 1 1 1",
      " 259       0 nvme0n1 1 0 10 0 1 0 20 0 0 0 0",
      " 259       1 nvme0n1p1 1 0 10 0 1 0 20 0 0 0 0",
      " 253       0 dm-0 1 0 10 0 1 0 20 0 0 0 0",
    ].join("\n")
    expect(diskOf(text)).toEqual({ read: 3473524 * 512, written: 3405044 * 512 })
  })

  it("is left out where there is no disk", () => {
    expect(diskOf("   7       0 loop0 9 0 9 0 9 0 9 0 0 0 0\n")).toBeUndefined()
  })
})

describe("/proc/[pid]/stat", () => {
  const after = "S 1 8810 4614 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 3 0 555883 3133440 380 18446"

  it("tells who it is and what it has used", () => {
    expect(processOf(`8824 (cat) ${after}\n`, 4096)).toEqual({
      pid: 8824,
      name: "cat",
      state: "S",
      seconds: 2,
      threads: 3,
      memory: 380 * 4096,
    })
  })

  it("reads a name with blanks, brackets and line breaks in it", () => {
    expect(processOf(`7 (a) R 1 (b\n) ${after}`, 4096)?.name).toBe("a) R 1 (b\n")
  })

  it("is nobody where it cannot be read", () => {
    expect(processOf("", 4096)).toBeUndefined()
  })
})

describe("/proc/[pid]/cmdline", () => {
  it("tells the program, wherever it lies", () => {
    expect(programOf("/usr/bin/node\0server.js\0")).toBe("node")
    expect(programOf("node\0")).toBe("node")
  })

  it("tells nothing of what has none", () => {
    expect(programOf("")).toBeUndefined()
    expect(programOf("\0")).toBeUndefined()
  })
})

describe("/proc/self/smaps", () => {
  it("tells how large a page is", () => {
    expect(pageBytesOf("Size: 4 kB\nKernelPageSize:       16 kB\n")).toBe(16_384)
    expect(pageBytesOf("")).toBe(4_096)
  })
})
