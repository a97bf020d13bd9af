// Colours come from the page: our own variables (look.css), Streamlit's where those are missing. Both follow the theme.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language"
import { EditorView } from "@codemirror/view"
import { tags } from "@lezer/highlight"

const INK = "var(--ink, var(--st-text-color))"
const SURFACE = "var(--st-secondary-background-color)"
const LINE = "var(--line, var(--st-border-color))"
const SOFT = "var(--soft, var(--st-text-color))"
const MAIN = "var(--main, var(--st-primary-color))"
const MAIN_SOFT = "var(--main-soft, var(--st-background-color))"
const BAD = "var(--bad, var(--st-red-text-color))"

const words = HighlightStyle.define([
  { tag: tags.keyword, color: MAIN, fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good, var(--st-green-text-color))" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn, var(--st-orange-text-color))" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--editor-name)" },
  { tag: tags.comment, color: SOFT, fontStyle: "italic" },
  { tag: [tags.operator, tags.punctuation, tags.paren, tags.brace], color: SOFT },
])

const theme = EditorView.theme({
  "&": { color: INK, backgroundColor: "transparent", fontSize: "var(--editor-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--st-code-font), monospace", lineHeight: "1.6", minHeight: "210px", maxHeight: "min(60vh, 520px)",
  },
  ".cm-content": { padding: "0.6rem 0", caretColor: INK },
  ".cm-line": { padding: "0 0.7rem 0 0.4rem" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: INK, borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "transparent", color: SOFT, border: "0", paddingLeft: "0.1rem" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "2ch", paddingLeft: "0.2rem" },
  ".cm-gutter-lint": { width: "1.1em" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0 0.1em" },
  ".cm-lint-marker": { width: "0.9em", height: "0.9em" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine, &.cm-focused .cm-activeLineGutter": {
    backgroundColor: "color-mix(in srgb, currentColor 5%, transparent)",
  },
  "& > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--st-primary-color) 28%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: MAIN_SOFT, outline: `1px solid ${MAIN}`, color: INK },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--bad-soft, transparent)", color: BAD },
  ".cm-lintRange-error": {
    backgroundImage: "none", backgroundColor: "var(--bad-soft, transparent)", paddingBottom: "0",
    textDecoration: `underline wavy ${BAD}`, textDecorationSkipInk: "none",
  },
  ".cm-tooltip": {
    color: INK, backgroundColor: SURFACE, border: `1px solid ${LINE}`, borderRadius: "0.5rem", overflow: "hidden",
    boxShadow: "0 6px 24px rgb(0 0 0 / 0.22)", maxWidth: "min(92vw, 40rem)",
  },
  ".cm-diagnostic": { borderLeft: `4px solid ${BAD}`, padding: "0.4rem 0.7rem", whiteSpace: "pre-wrap" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit", maxHeight: "14rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.2rem 0.6rem", lineHeight: "1.5", color: INK },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: MAIN_SOFT, color: INK },
  ".cm-completionIcon": { color: SOFT, opacity: "1" },
  ".cm-completionDetail": { color: SOFT, fontStyle: "normal", fontSize: "0.86em" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700", color: MAIN },
})

export const look = [theme, syntaxHighlighting(words)]
