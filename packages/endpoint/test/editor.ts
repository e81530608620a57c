import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript-api"

/** Where files that exist only for a test stand: where our packages and zod are found. */
const folder = join(dirname(fileURLToPath(import.meta.url)), "imagined")

/** How a user would set up a strict project; `source`: our packages from their sources. */
function optionsFor(source: boolean): ts.CompilerOptions {
  return {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    ...(source && { customConditions: ["@trunkline/source"] }),
  }
}

export interface Place {
  readonly file: string
  /** The line that is pointed to, trimmed. */
  readonly line: string
}

interface Position {
  readonly fileName: string
  readonly pos: number
}

/** With what the server for editors uses of it beside what is declared: the way through maps. */
interface EditorService extends ts.LanguageService {
  getSourceMapper(): { tryGetSourcePosition(place: Position): Position | undefined }
}

/** An editor with some files open, as its user sees it: TypeScript's language service. */
export class Editor {
  readonly #files: ReadonlyMap<string, string>
  readonly #service: EditorService

  constructor(files: Readonly<Record<string, string>>, { source = true } = {}) {
    this.#files = new Map(Object.entries(files).map(([name, text]) => [join(folder, name), text]))
    const roots = [...this.#files.keys()].filter((path) => /(?<!\.d)\.ts$/.test(path))
    const read = (path: string) => this.#files.get(path) ?? ts.sys.readFile(path)
    const service: unknown = ts.createLanguageService({
      getCompilationSettings: () => optionsFor(source),
      getCurrentDirectory: () => folder,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      getScriptFileNames: () => roots,
      getScriptVersion: () => "1",
      getScriptSnapshot: (path) => {
        const text = read(path)
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
      },
      fileExists: (path) => this.#files.has(path) || ts.sys.fileExists(path),
      readFile: read,
      directoryExists: (path) => path.startsWith(folder) || existsSync(path),
      realpath: (path) => (path.startsWith(folder) ? path : (ts.sys.realpath?.(path) ?? path)),
    })
    this.#service = service as EditorService
  }

  /** Where the name behind the mark jumps to. */
  definitions(file: string): Place[] {
    const [path, offset] = this.#cursor(file)
    const found = this.#service.getDefinitionAtPosition(path, offset) ?? []
    return found.map(({ fileName, textSpan }) => {
      const place = { fileName, pos: textSpan.start }
      const mapped = this.#service.getSourceMapper().tryGetSourcePosition(place) ?? place
      return {
        file: mapped.fileName.slice(folder.length + 1),
        line: this.#lineAt(mapped.fileName, mapped.pos),
      }
    })
  }

  /** What is shown of the name behind the mark. */
  hover(file: string): { readonly type: string; readonly doc: string } {
    const info = this.#service.getQuickInfoAtPosition(...this.#cursor(file))
    const { displayParts, documentation } = info ?? {}
    const type = ts.displayPartsToString(displayParts).replace(/\s+/g, " ")
    return { type, doc: ts.displayPartsToString(documentation) }
  }

  /** Every error of a file, each as its lines. */
  errors(file: string): string[][] {
    return this.#service.getSemanticDiagnostics(join(folder, file)).map(({ messageText }) => {
      const text = ts.flattenDiagnosticMessageText(messageText, "\n")
      return text.replaceAll(folder, "").split("\n")
    })
  }

  #cursor(file: string): [path: string, offset: number] {
    const path = join(folder, file)
    const mark = "/*here*/"
    return [path, (this.#files.get(path) ?? "").indexOf(mark) + mark.length]
  }

  #lineAt(path: string, offset: number): string {
    const text = this.#files.get(path) ?? ts.sys.readFile(path) ?? ""
    const start = text.lastIndexOf("\n", offset - 1) + 1
    const end = text.indexOf("\n", offset)
    return text.slice(start, end < 0 ? undefined : end).trim()
  }
}

/** Declarations of some files and the maps to their sources, as `tsc` writes them for a package. */
export function declare(files: Readonly<Record<string, string>>): Record<string, string> {
  const sources = new Map(Object.entries(files).map(([name, text]) => [join(folder, name), text]))
  const options: ts.CompilerOptions = {
    ...optionsFor(false),
    noEmit: false,
    declaration: true,
    declarationMap: true,
    emitDeclarationOnly: true,
    rootDir: join(folder, "src"),
    outDir: join(folder, "dist"),
  }
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists } = host
  host.readFile = (path) => sources.get(path) ?? readFile(path)
  host.fileExists = (path) => sources.has(path) || fileExists(path)
  host.directoryExists = (path) => path.startsWith(folder) || existsSync(path)
  host.getSourceFile = (path, version) => {
    const text = host.readFile(path)
    return text === undefined ? undefined : ts.createSourceFile(path, text, version)
  }
  const emitted: Record<string, string> = {}
  host.writeFile = (path, text) => {
    emitted[path.slice(folder.length + 1)] = text
  }
  ts.createProgram([...sources.keys()], options, host).emit()
  return emitted
}
