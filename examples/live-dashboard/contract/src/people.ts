import * as z from "zod"

export const ViewerName = z
  .string()
  .trim()
  .min(1, "A name has at least one letter")
  .max(24, "At most 24 letters")

export const Viewer = z.object({
  id: z.string(),
  name: ViewerName,
  since: z.number(),
  /** It is you who reads this. */
  you: z.boolean(),
})
export type Viewer = z.infer<typeof Viewer>

export const mostNotes = 50

export const NoteInput = z.object({
  author: ViewerName,
  text: z.string().trim().min(1, "Write something first").max(280, "At most 280 letters"),
})
export type NoteInput = z.infer<typeof NoteInput>

export const NoteId = z.string().max(64)
export const Note = z.object({ id: NoteId, at: z.number(), ...NoteInput.shape })
export type Note = z.infer<typeof Note>

export const NoteChange = z.union([
  z.object({ added: Note }),
  z.object({ removed: z.object({ id: NoteId }) }),
])
export type NoteChange = z.infer<typeof NoteChange>
