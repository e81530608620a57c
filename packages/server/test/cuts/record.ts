/** A line of the history: what a client or a handler did or saw, at the moment when it did. */
export type Record = ClientRecord | ServiceRecord

export type ClientRecord =
  | { readonly type: "called"; readonly id: string; readonly procedure: Procedure }
  | { readonly type: "answered"; readonly id: string; readonly run: string }
  | {
      readonly type: "failed"
      readonly id: string
      readonly code: string
      readonly executed: string
    }
  | { readonly type: "said"; readonly who: string; readonly n: number }
  | { readonly type: "lost"; readonly who: string; readonly events: number }
  | {
      readonly type: "opened"
      readonly stream: string
      readonly of: StreamKind
      readonly from?: string
    }
  | {
      readonly type: "item"
      readonly stream: string
      readonly run: string
      readonly n: number
      readonly cursor?: string | undefined
    }
  | {
      readonly type: "note"
      readonly stream: string
      readonly note: string
      readonly cursor?: string | undefined
    }
  | { readonly type: "ended"; readonly stream: string; readonly code?: string | undefined }

export type ServiceRecord =
  | { readonly type: "entered"; readonly id: string; readonly run: string }
  | { readonly type: "left"; readonly run: string }
  | {
      readonly type: "heard"
      readonly who: string
      readonly n: number
      readonly session: string
    }
  | { readonly type: "dropped"; readonly code: string }
  | {
      readonly type: "published"
      readonly run: string
      readonly n: number
      readonly cursor: string
    }

export type Procedure = "plain" | "safe" | "keyed"
export type StreamKind = "ticks" | "count" | "fresh"
