// @vitest-environment jsdom
import { createClient } from "@trunkline/client"
import { call, contract } from "@trunkline/contract"
import { type CallState, useCall } from "@trunkline/react"
import { act, type ReactNode, StrictMode } from "react"
import { afterEach, beforeEach, expect, it } from "vitest"
import { Stage } from "./stage.js"

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})
afterEach(() => stage.close())

function text({
  pending,
  data,
  error,
}: CallState<never, unknown, { ODD: { by: number } }>): string {
  const failure = error?.code === "ODD" ? `ODD by ${error.data.by}` : error?.code
  return `${pending ? "pending" : "at rest"} ${data} ${failure}`
}

it("gives its result to who ran it and to the component, and never rejects", async () => {
  const calls: CallState<[input: number, options?: object], number, { ODD: { by: number } }>[] = []
  function Double(): ReactNode {
    const double = useCall(stage.client.double)
    calls.push(double)
    return text(double)
  }
  await stage.show(
    <StrictMode>
      <Double />
    </StrictMode>,
  )
  expect(stage.text).toBe("at rest undefined undefined")
  const { run } = calls.at(-1) ?? expect.fail()
  calls.length = 0
  let running = run(2)
  await act(async () => {})
  await act(async () => expect(await running).toEqual({ ok: true, value: 4 }))
  expect(stage.text).toBe("at rest 4 undefined")
  await act(async () => {
    running = run(3)
  })
  await act(async () => expect(await running).toMatchObject({ ok: false, error: { code: "ODD" } }))
  expect(stage.text).toBe("at rest undefined ODD by 1")
  await act(async () => calls.at(-1)?.reset())
  expect(stage.text).toBe("at rest undefined undefined")
  expect(calls.every((call) => call.run === run)).toBe(true)
})

it("shows the last run alone, and resolves the others all the same", async () => {
  const calls: CallState<[input: string, options?: object], undefined>[] = []
  function Hang(): ReactNode {
    const hang = useCall(stage.client.hang)
    calls.push(hang)
    return `${hang.pending}`
  }
  await stage.show(<Hang />)
  const { run, reset } = calls[0] ?? expect.fail()
  const running: Promise<unknown>[] = []
  await act(async () => void running.push(run("first"), run("second")))
  await stage.settled()
  stage.hanging[0]?.done()
  await act(async () => expect(await running[0]).toMatchObject({ ok: true }))
  expect(stage.text).toBe("true")
  stage.hanging[1]?.done()
  await act(async () => expect(await running[1]).toMatchObject({ ok: true }))
  expect(stage.text).toBe("false")
  await act(async () => void running.push(run("third")))
  await act(async () => reset())
  expect(stage.text).toBe("false")
  await stage.settled()
  stage.hanging[2]?.done()
  await act(async () => expect(await running[2]).toMatchObject({ ok: true }))
  expect(stage.text).toBe("false")
})

it.each([
  ["detach", false],
  ["cancel", true],
] as const)("a component that goes may %s its call", async (onLeave, aborted) => {
  let run: CallState<[input: string, options?: object], undefined>["run"] | undefined
  function Hang(): ReactNode {
    run = useCall(stage.client.hang, { onLeave }).run
    return ""
  }
  await stage.show(
    <StrictMode>
      <Hang />
    </StrictMode>,
  )
  let running: Promise<unknown> | undefined
  await act(async () => {
    running = run?.("a", { timeout: 60_000 })
  })
  await stage.settled()
  await stage.leave()
  await stage.settled()
  expect(stage.hanging[0]?.signal.aborted).toBe(aborted)
  stage.hanging[0]?.done()
  expect(await running).toMatchObject(aborted ? { error: { code: "CANCELLED" } } : { ok: true })
})

it("takes a function that makes a call, and what that throws is a failure", async () => {
  let call: CallState<[text: string], number, { ODD: { by: number } }> | undefined
  function Parsed(): ReactNode {
    call = useCall((text: string) => {
      if (text === "") throw new Error("nothing")
      return stage.client.double(Number(text))
    })
    return text(call)
  }
  await stage.show(<Parsed />)
  await act(async () => expect(await call?.run("4")).toEqual({ ok: true, value: 8 }))
  await act(async () => void (await call?.run("")))
  expect(stage.text).toBe("at rest undefined INTERNAL")
  expect(call?.error?.cause).toMatchObject({ message: "nothing" })
})

it("refuses what is no call, and to cancel what it cannot", async () => {
  const uses = [
    // @ts-expect-error: a subscription
    () => useCall(stage.client.count),
    // @ts-expect-error: the client
    () => useCall(stage.client),
    // @ts-expect-error: a group
    () => useCall(createClient(contract({ all: { one: call({}) } }), stage.pair.connection).all),
    // @ts-expect-error: nothing
    () => useCall(undefined),
    () => useCall((input: number) => stage.client.double(input), { onLeave: "cancel" }),
  ]
  const thrown: unknown[] = []
  for (const [key, use] of uses.entries()) {
    const Wrong = (): ReactNode => {
      try {
        use()
      } catch (error) {
        thrown.push(error)
      }
      return ""
    }
    await stage.show(<Wrong key={key} />)
  }
  expect(thrown.map(String)).toEqual([
    "TypeError: count: a subscription is no call",
    "TypeError: the client itself is no call",
    "TypeError: all: a group is no call",
    "TypeError: what was passed is no call",
    "TypeError: only a procedure of a client can be cancelled",
  ])
})
