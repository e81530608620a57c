import type { Text } from "../support/repository.js"

/** What names one machine, or one network's package registry, and means nothing elsewhere. */
const places: readonly RegExp[] = [
  /(?<![\w.@-]|\w\/)\/(?:work|tmp|root|home|Users|opt|var\/folders)\/[\w.-]+/g,
  /\b[A-Z]:\\Users\\[\w.-]+/g,
  /\bregistry\s*=\s*\S+/g,
  /^\s*tarball: .*|\btarball: https?:\S+/gm,
  /https?:\/\/(?:registry|packages?|npm|mirror)\.[\w.-]+/g,
]

/** Traces of the machine that a file was written on. */
export function machineTraces(files: readonly Text[]): readonly string[] {
  return files.flatMap((file) =>
    places.flatMap((place) =>
      [...file.text.matchAll(place)].map((match) => {
        const line = file.text.slice(0, match.index).split("\n").length
        return `${file.path}:${line} names ${match[0].trim()}`
      }),
    ),
  )
}
