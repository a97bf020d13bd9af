// The page's side of the editor. Streamlit calls this at every run of the page; the text lives in the browser.
// A plain text field stands there at once; CodeMirror takes its place when it has come, and if it never comes, it stays.
const desks = new Map()
const kept = new Map()

export default function (component) {
  const { parentElement } = component
  let desk = desks.get(parentElement)
  if (!desk) desks.set(parentElement, (desk = open(component)))
  desk.update(component)
  return () => {
    desks.delete(parentElement)
    desk.leave()
  }
}

function open(component) {
  const { parentElement, data } = component
  const root = parentElement.querySelector(".editor")
  const find = (name) => root.querySelector(name)
  const draftKey = `mai-sql:${data.who}`
  const page = {}
  let surface, version, sent, marked, offered, inserted, at = 0, gone = false

  const stamped = () => ({ text: (sent = surface.text()), version, at: (at = Math.max(at + 1, Date.now())) })
  const send = () => sent !== surface.text() && page.setStateValue("draft", stamped())
  const conversation = {
    changed: () => {
      try {
        sessionStorage.setItem(draftKey, surface.text())
      } catch {
        // No room or not allowed: a reload then loses the text, nothing else.
      }
    },
    left: send,
    run: () => page.setTriggerValue("run", stamped()),
  }

  function draft() {
    try {
      return sessionStorage.getItem(draftKey)
    } catch {
      return null
    }
  }

  // Names clicked one after another become a list.
  function insert(event) {
    const name = event.target.closest?.("[data-sql-insert]")?.dataset.sqlInsert
    if (!name) return
    const here = surface.cursor()
    const before = surface.text().slice(0, here)
    const glue = inserted === here ? ", " : /[\p{L}\p{N}_"]$/u.test(before) ? " " : ""
    surface.insert(glue + name)
    inserted = surface.cursor()
    surface.focus()
  }

  async function improve() {
    const { edit } = await import(new URL(data.bundle, document.baseURI).href)
    if (gone) return
    const hadFocus = plain.hasFocus()
    const text = plain.text()
    surface = edit({
      parent: find(".code"), root: parentElement instanceof ShadowRoot ? parentElement : document,
      text, kept: kept.get(draftKey), labels: page.data.labels, ...conversation,
    })
    if (offered) surface.offer(JSON.parse(offered))
    mark()
    root.dataset.surface = "code"
    if (hadFocus) surface.focus()
  }

  // The place is one in the text that ran, not in what has been written since.
  function mark() {
    const place = page.data.mark
    surface.mark(place?.sql === surface.text() ? place : null)
  }

  function update(component) {
    Object.assign(page, component)
    const { data } = page
    say(data.labels)
    if (version === undefined) {
      version = data.version
      const mine = data.untouched ? draft() : null
      surface.replace(mine ?? data.text)
      sent = data.text
      send()
    } else if (version !== data.version) {
      version = data.version
      // A server that was started anew knows nothing of what was typed: it is told.
      if (data.untouched) sent = undefined
      else {
        surface.replace((sent = data.text))
        root.scrollIntoView({ block: "nearest" })
      }
      send()
    }
    const words = JSON.stringify(data.relations)
    if (words !== offered) surface.offer(JSON.parse((offered = words)))
    if ((data.mark?.id ?? null) !== (marked ?? null)) {
      marked = data.mark?.id
      mark()
    }
    find(".said").textContent = data.mark?.message ?? ""
  }

  function say(labels) {
    find("label").textContent = labels.title
    find(".hint").textContent = labels.hint
    surface.say(labels)
  }

  const plain = plainText(find("textarea"), conversation)
  surface = plain
  document.addEventListener("click", insert)
  improve().catch((problem) => {
    console.warn("the plain text field stays:", problem)
    surface = plain
    root.dataset.surface = "plain"
  })

  return {
    update,
    leave: () => {
      gone = true
      document.removeEventListener("click", insert)
      const now = surface.keep()
      if (now) kept.set(draftKey, now)
      surface.close()
    },
  }
}

function plainText(area, { changed, left, run }) {
  area.oninput = changed
  area.onblur = left
  area.onkeydown = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    event.stopPropagation()
    run()
  }
  return {
    text: () => area.value,
    cursor: () => area.selectionEnd,
    focus: () => area.focus({ preventScroll: true }),
    hasFocus: () => area.getRootNode().activeElement === area,
    keep: () => undefined,
    close: () => {},
    replace: (text) => (area.value = text),
    insert: (piece) => {
      area.setRangeText(piece, area.selectionStart, area.selectionEnd, "end")
      changed()
    },
    offer: () => {},
    say: () => {},
    mark: (place) => area.setAttribute("aria-invalid", String(Boolean(place))),
  }
}
