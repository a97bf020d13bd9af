// CodeMirror put together for the SQL page. The page's side of the conversation is ../../loader.js.
import {
  acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap,
} from "@codemirror/autocomplete"
import { historyField, indentLess, indentMore, isolateHistory } from "@codemirror/commands"
import { LanguageSupport, bracketMatching, indentUnit } from "@codemirror/language"
import { diagnosticCount, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint"
import { Compartment, EditorSelection, EditorState, Prec } from "@codemirror/state"
import { EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view"
import { minimalSetup } from "codemirror"
import { completions } from "./completions.js"
import { DuckDB } from "./duckdb.js"
import { look } from "./look.js"

const KEPT = { history: historyField }

function tab(view) {
  if (acceptCompletion(view)) return true
  if (!view.state.selection.main.empty) return indentMore(view)
  view.dispatch(view.state.replaceSelection("  "), { userEvent: "input", scrollIntoView: true })
  return true
}

// `place` is a line and a column in characters, counted from one; the mark covers the name that stands there.
function rangeOf(doc, place) {
  const line = doc.line(Math.min(Math.max(place.line, 1), doc.lines))
  const before = [...line.text].slice(0, place.column - 1).join("")
  const from = Math.min(line.from + before.length, line.to)
  const word = /^(?:[\p{L}\p{N}_$]+(?:\.[\p{L}\p{N}_$]+)*|.)/u.exec(line.text.slice(from - line.from))
  return word ? { from, to: from + word[0].length } : { from: Math.max(line.from, from - 1), to: from }
}

export function edit({ parent, root, text, kept, labels, changed, left, run }) {
  const words = new Compartment()
  const said = new Compartment()

  const running = { run: () => (run(), true), preventDefault: true, stopPropagation: true }
  const extensions = [
    Prec.highest(keymap.of([{ key: "Mod-Enter", ...running }, { key: "Ctrl-Enter", ...running }])),
    keymap.of([{ key: "Tab", run: tab, shift: indentLess }, ...closeBracketsKeymap, ...completionKeymap, ...lintKeymap]),
    lineNumbers(),
    lintGutter(),
    minimalSetup,
    new LanguageSupport(DuckDB.language),
    words.of([]),
    said.of(spoken(labels)),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    indentUnit.of("  "),
    EditorView.lineWrapping,
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return
      if (diagnosticCount(update.state)) update.view.dispatch(setDiagnostics(update.state, []))
      changed()
    }),
    EditorView.domEventHandlers({ blur: () => (left(), false) }),
    look,
  ]
  const state = kept
    ? EditorState.fromJSON(kept, { extensions }, KEPT)
    : EditorState.create({ doc: text, extensions, selection: EditorSelection.cursor(text.length) })
  const view = new EditorView({ state, parent, root })

  // One step of the history: Ctrl+Z brings the former text back.
  function replace(wanted) {
    const all = { from: 0, to: view.state.doc.length, insert: wanted }
    const alone = isolateHistory.of("full")
    view.dispatch({ changes: all, selection: { anchor: wanted.length }, scrollIntoView: true, annotations: alone })
  }
  // What was loaded while the editor was being put up again.
  if (kept && kept.doc !== text) replace(text)

  return {
    text: () => view.state.doc.toString(),
    cursor: () => view.state.selection.main.head,
    focus: () => view.focus(),
    keep: () => view.state.toJSON(KEPT),
    close: () => view.destroy(),
    replace,
    // The page stays where it is: the next name to click is there.
    insert: (piece) => view.dispatch(view.state.replaceSelection(piece), { userEvent: "input" }),
    offer: (relations) =>
      view.dispatch({ effects: words.reconfigure(autocompletion({ override: completions(relations), icons: false })) }),
    say: (spokenNow) => view.dispatch({ effects: said.reconfigure(spoken(spokenNow)) }),
    mark: (place) => {
      const found = place ? [{ ...rangeOf(view.state.doc, place), severity: "error", message: place.message }] : []
      view.dispatch(setDiagnostics(view.state, found))
      view.contentDOM.setAttribute("aria-invalid", String(found.length > 0))
      if (found.length) view.dispatch({ effects: EditorView.scrollIntoView(found[0].from) })
    },
  }
}

function spoken(labels) {
  return [
    EditorView.contentAttributes.of({
      "aria-label": labels.editor, "aria-describedby": "hint", spellcheck: "false", autocapitalize: "off",
    }),
    EditorState.phrases.of(labels.phrases),
  ]
}
