// `npm ci && node build.mjs`: src/ and what it imports, as one file with the digest of what it was made from.
// `node build.mjs <file>` writes elsewhere.
import { createHash } from "node:crypto"
import { readFileSync, readdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const here = dirname(fileURLToPath(import.meta.url))
const target = process.argv[2] ?? join(here, "..", "bundle.js")
const digest = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex")

function digestOfSources() {
  const own = readdirSync(join(here, "src")).map((name) => `src/${name}`)
  const names = [...own, "build.mjs", "package.json", "package-lock.json"].sort()
  return digest(...names.flatMap((name) => [name, "\0", readFileSync(join(here, name)), "\0"]))
}

// Every package in the bundle, grouped by the text of its licence.
function licences(inputs) {
  const packages = new Set(inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean))
  const texts = new Map()
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name)
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    const text = readFileSync(join(folder, "LICENSE"), "utf8").trim().replaceAll("*/", "* /")
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version}`])
  }
  return [...texts].map(([text, names]) => `${names.join(", ")}\n\n${text}`).join("\n\n")
}

const made = await build({
  absWorkingDir: here,
  entryPoints: ["src/editor.js"],
  bundle: true,
  format: "esm",
  minify: true,
  charset: "utf8",
  target: "es2022",
  legalComments: "none",
  metafile: true,
  write: false,
})
const [body] = made.outputFiles
const head = `/*! Built by \`make editor\`; not edited by hand.\nsources sha256:${digestOfSources()}\nbody sha256:${digest(body.contents)}\n\n`
const file = `${head}${licences(Object.keys(made.metafile.inputs))} */\n${body.text}`
writeFileSync(target, file)
console.log(`${Buffer.byteLength(file)} bytes`)
