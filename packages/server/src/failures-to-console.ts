import type { Log } from "@trunkline/endpoint"

/**
 * The log of who asked for none. A caller is told nothing of what failed at the server: without these
 * lines nobody would be. An `error` is a mistake of the program, so that no client fills the console.
 */
export const failuresToConsole: Log = ({ level, message, ...about }) => {
  // biome-ignore lint/suspicious/noConsole: there is no better place until a log is given
  if (level === "error") console.error(`trunkline: ${message}`, about)
}
