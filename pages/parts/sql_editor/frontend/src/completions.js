// What is offered while typing: relations, their columns (after `usage.`, after an alias, and bare), functions, keywords.
import { schemaCompletionSource } from "@codemirror/lang-sql"
import { syntaxTree } from "@codemirror/language"
import { DuckDB, FUNCTIONS, KEYWORDS, TYPES } from "./duckdb.js"

const NAME = /[\p{L}_][\p{L}\p{N}_]*/gu

const language = [
  ...FUNCTIONS.split(" ").map((name) => ({ label: name, type: "function", apply: called, boost: -1 })),
  ...KEYWORDS.split(" ").map((word) => ({ label: word.toUpperCase(), type: "keyword", boost: -2 })),
  ...TYPES.split(" ").map((word) => ({ label: word.toUpperCase(), type: "type", boost: -3 })),
]

function called(view, completion, from, to) {
  const open = view.state.sliceDoc(to, to + 1) === "("
  view.dispatch({
    changes: { from, to, insert: completion.label + (open ? "" : "()") },
    selection: { anchor: from + completion.label.length + 1 },
    userEvent: "input.complete",
  })
}

function columnsOf(relations, text) {
  const named = new Set(text.toLowerCase().match(NAME))
  const meant = relations.filter((relation) => named.has(relation.name))
  const found = new Map()
  for (const relation of meant.length ? meant : relations)
    for (const column of relation.columns) {
      const known = found.get(column.name)
      if (known) known.detail += `, ${relation.name}`
      else
        found.set(column.name, {
          label: column.name, type: "property", detail: `${column.type} · ${relation.name}`, boost: 1,
        })
    }
  return [...found.values()]
}

function bareWord(context) {
  const inside = syntaxTree(context.state).resolveInner(context.pos, -1).name
  if (inside === "String" || inside.endsWith("Comment") || inside === "Number") return null
  const word = context.matchBefore(/[\p{L}_][\p{L}\p{N}_]*$/u)
  if (!word && !context.explicit) return null
  const from = word ? word.from : context.pos
  if (context.state.sliceDoc(from - 1, from) === ".") return null
  return { from, validFor: /^[\p{L}_][\p{L}\p{N}_]*$/u }
}

function bare(relations) {
  return (context) => {
    const place = bareWord(context)
    return place && { ...place, options: [...columnsOf(relations, context.state.doc.toString()), ...language] }
  }
}

export function completions(relations) {
  const schema = Object.fromEntries(
    relations.map((relation) => [
      relation.name,
      relation.columns.map((column) => ({ label: column.name, type: "property", detail: column.type })),
    ]),
  )
  return [
    schemaCompletionSource({ dialect: DuckDB, schema }),
    bare(relations),
  ]
}
