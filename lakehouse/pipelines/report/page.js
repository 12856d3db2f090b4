"use strict";
// The page is whole without this: it opens a table beside the graph, filters, and follows columns.
// Nothing here makes markup of text: elements are created, and texts set.
document.documentElement.classList.add("js");
document.addEventListener("DOMContentLoaded", () => {
  const root = document.documentElement;
  const graph = document.getElementById("graph");
  const nodes = [...graph.querySelectorAll(".n")];
  const edges = [...graph.querySelectorAll("[data-e]")].map((path) => {
    const [from, to] = path.dataset.e.split("-").map(Number);
    return { path, from, to };
  });
  const rows = [...document.querySelectorAll("#tables tbody tr")];
  const places = nodes.map((node) => node.getAttribute("href").slice(1));
  const positions = new Map(places.map((place, at) => [place, at]));
  const make = (name, text, properties) =>
    Object.assign(document.createElement(name), { textContent: text }, properties);

  // The state of the page is its address: #PLACE&c=COLUMN&q=WORDS&s=STATE
  const state = () => {
    const found = { place: "", c: "", q: "", s: "" };
    for (const part of location.hash.slice(1).split("&")) {
      const [, key, value] = part.match(/^([cqs])=(.*)$/) || [];
      if (!key) found.place = part || found.place;
      else {
        try { found[key] = decodeURIComponent(value); } catch { found[key] = ""; }
      }
    }
    return found;
  };
  const go = (changes, isTyping) => {
    const next = { ...state(), ...changes };
    const parts = [next.place];
    for (const key of ["c", "q", "s"]) if (next[key]) parts.push(`${key}=${encodeURIComponent(next[key])}`);
    const hash = `#${parts.join("&")}`;
    if (isTyping) history.replaceState(null, "", hash); else history.pushState(null, "", hash);
    show();
  };

  // Which tables stand before and behind one
  const reach = (start, from, to) => {
    const found = new Set([start]);
    const next = new Map();
    for (const edge of edges) {
      if (!next.has(edge[from])) next.set(edge[from], []);
      next.get(edge[from]).push(edge[to]);
    }
    const front = [start];
    while (front.length) for (const each of next.get(front.pop()) || []) {
      if (!found.has(each)) { found.add(each); front.push(each); }
    }
    return found;
  };
  const light = (here, lit) => {
    graph.classList.toggle("dim", lit !== null);
    nodes.forEach((node, at) => {
      node.classList.toggle("lit", lit !== null && lit.has(at));
      node.classList.toggle("here", at === here);
    });
    for (const edge of edges) edge.path.classList.toggle("lit", lit !== null && lit.has(edge.from) && lit.has(edge.to));
  };

  // Columns: read from the page once, when somebody first asks
  const dataRows = (section) => [...section.querySelectorAll(".c tr")].slice(1);
  const sourcesOf = (row, section) => {
    const heading = section.querySelector(".c th:last-child").textContent;
    if (heading !== "comes from") return [];
    const cell = row.cells[row.cells.length - 1], parts = [...cell.querySelectorAll("i")];
    if (parts.length) return parts.map((each) => each.textContent);
    return cell.textContent ? [cell.textContent] : [];
  };
  let columns = null;
  const readColumns = () => {
    columns = new Map();
    for (const place of places) {
      const section = document.getElementById(place);
      const table = section.querySelector("h3").firstChild.textContent;
      for (const row of dataRows(section)) {
        const name = row.cells[0].textContent;
        const sources = sourcesOf(row, section);
        columns.set(`${table}.${name}`, { place, name, sources, readers: [] });
      }
    }
    for (const [key, column] of columns) for (const source of column.sources) columns.get(source)?.readers.push(key);
  };
  const follow = (key, along) => {
    const found = new Set();
    const front = [key];
    while (front.length) for (const each of columns.get(front.pop())?.[along] || []) {
      if (!found.has(each)) { found.add(each); front.push(each); }
    }
    return found;
  };
  const linkTo = (key) => {
    const column = columns.get(key);
    if (!column) return make("span", key);
    return make("a", key, { href: `#${column.place}&c=${encodeURIComponent(column.name)}` });
  };
  const listed = (title, keys) => {
    const line = make("p", `${title} `);
    [...keys].forEach((key, at) => line.append(at ? ", " : "", linkTo(key)));
    if (!keys.size) line.append("nothing else here");
    return line;
  };

  const prepare = (section) => {
    if (section.dataset.ready) return;
    section.dataset.ready = "yes";
    const close = make("button", "Close", { className: "close", type: "button" });
    close.addEventListener("click", () => leave());
    section.prepend(close);
    section.querySelector("h3").tabIndex = -1;
    for (const row of dataRows(section)) {
      const name = row.cells[0].textContent;
      const button = make("button", name, { type: "button" });
      button.addEventListener("click", () => go({ c: state().c === name ? "" : name }));
      row.cells[0].replaceChildren(button);
    }
    const table = section.querySelector(".c");
    if (table) {
      const trace = make("div", "", { className: "trace", hidden: true });
      trace.setAttribute("aria-live", "polite");
      table.before(trace);
    }
  };
  const showColumn = (section, name, here) => {
    const trace = section.querySelector(".trace");
    if (!trace) return null;
    for (const row of dataRows(section)) row.classList.toggle("on", row.cells[0].textContent === name);
    trace.hidden = !name;
    trace.replaceChildren();
    if (!name) return null;
    if (!columns) readColumns();
    const key = `${section.querySelector("h3").textContent}.${name}`;
    const before = follow(key, "sources"), behind = follow(key, "readers");
    trace.append(make("b", key), listed("comes from", before), listed("goes into", behind));
    const touched = [...before, ...behind].map((each) => positions.get(columns.get(each)?.place));
    return new Set([here, ...touched.filter((at) => at !== undefined)]);
  };

  const leave = () => {
    const place = state().place;
    go({ place: "", c: "" });
    nodes[positions.get(place)]?.focus({ preventScroll: true });
  };
  let shown = null;
  const show = () => {
    const now = state();
    const here = positions.get(now.place);
    const section = here === undefined ? null : document.getElementById(now.place);
    if (shown && shown !== section) shown.classList.remove("on");
    root.classList.toggle("open", section !== null);
    if (section) {
      prepare(section);
      section.classList.add("on");
      const lit = showColumn(section, now.c, here);
      light(here, lit || new Set([...reach(here, "to", "from"), ...reach(here, "from", "to")]));
      if (shown !== section) {
        section.scrollTop = 0;
        const box = nodes[here].getBBox(), drawing = graph.parentElement;
        drawing.scrollTo(box.x - drawing.clientWidth / 2 + box.width / 2, box.y - drawing.clientHeight / 2);
        section.querySelector("h3").focus({ preventScroll: true });
      }
    } else light(-1, null);
    shown = section;
    filter(now);
  };

  // Words and states to filter by
  const tools = make("div", "", { className: "tools" });
  const words = make("input", "", { type: "search", placeholder: "Filter tables" });
  words.setAttribute("aria-label", "Filter tables");
  words.addEventListener("input", () => go({ q: words.value }, true));
  tools.append(words);
  const states = [...new Set(rows.map((row) => row.querySelector(".m")?.className.split(" ")[1]).filter(Boolean))];
  const buttons = states.length < 2 ? [] : states.map((key) => {
    const button = make("button", key.replace("-", " "), { type: "button" });
    button.addEventListener("click", () => go({ s: state().s === key ? "" : key }));
    return { key, button };
  });
  for (const { button } of buttons) tools.append(button);
  const counted = make("span", "");
  counted.setAttribute("role", "status");
  tools.append(counted);
  document.getElementById("tables").parentElement.before(tools);
  const texts = rows.map((row) => row.textContent.toLowerCase());
  let filtered = null;
  const filter = ({ q, s }) => {
    if (filtered === `${s} ${q}`) return;
    filtered = `${s} ${q}`;
    if (words.value !== q) words.value = q;
    for (const { key, button } of buttons) button.setAttribute("aria-pressed", String(key === s));
    let left = 0;
    rows.forEach((row, at) => {
      const fits = texts[at].includes(q.toLowerCase()) && (!s || row.querySelector(`.m.${CSS.escape(s)}`) !== null);
      row.hidden = !fits;
      left += fits ? 1 : 0;
    });
    counted.textContent = left === rows.length ? "" : `${left} of ${rows.length} tables`;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const href = link && (link.getAttribute("href") || "");
    if (!href || !href.startsWith("#t-") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const [place, column] = href.slice(1).split("&c=");
    go({ place, c: column ? decodeURIComponent(column) : "" });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown) leave();
  });
  addEventListener("popstate", show);
  addEventListener("hashchange", show);
  show();
});
