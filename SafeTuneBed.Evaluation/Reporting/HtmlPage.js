"use strict";
// Tables: a click on a heading sorts, another click turns the order round.
function number(text) {
  const found = text.match(/^[<\s]*([+-]?\d*\.?\d+)/);
  return found ? parseFloat(found[1]) : null;
}
function compare(a, b) {
  const x = number(a), y = number(b);
  if (x !== null && y !== null) { return x - y; }
  if (x !== null || y !== null) { return x !== null ? -1 : 1; }
  return a < b ? -1 : a > b ? 1 : 0;
}
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(h => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      const rows = [...body.rows].map((row, place) => ({ row, place, text: row.cells[column].textContent }));
      rows.sort((a, b) => (down ? compare(b.text, a.text) : compare(a.text, b.text)) || a.place - b.place);
      body.append(...rows.map(r => r.row));
    });
  });
}
// Answers: twenty at a time; texts become part of the page only when they are on it, as text and never as markup.
const holder = document.getElementById("data");
if (holder) {
  const data = JSON.parse(holder.textContent);
  const page = 20;
  const find = id => document.getElementById(id);
  let first = 0;
  function option(select, text, value) {
    const made = document.createElement("option");
    made.textContent = text;
    made.value = value;
    select.append(made);
  }
  data.rows.forEach((row, i) => option(find("row"), row.name + " (" + row.samples.length + ")", i));
  option(find("measure"), "all", "");
  data.measures.forEach((name, i) => option(find("measure"), name, i));
  function element(name, text, type) {
    const made = document.createElement(name);
    if (text !== undefined) { made.textContent = text; }
    if (type) { made.className = type; }
    return made;
  }
  function said(text, type) {
    const made = element("div", text === null ? "(not stored)" : text, "said blurred " + type);
    made.tabIndex = 0;
    made.setAttribute("role", "button");
    made.setAttribute("aria-label", type + ", hidden; press to show or hide");
    const turn = () => made.classList.toggle("blurred");
    made.addEventListener("click", turn);
    made.addEventListener("keydown", e => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); turn(); } });
    return made;
  }
  function card(sample) {
    const made = element("article"), head = element("header", "item " + sample.item + ", seed " + sample.seed + " ");
    for (const flag of sample.flags) { head.append(element("mark", flag), " "); }
    const list = element("dl");
    for (const score of sample.scores) {
      const pair = element("div");
      pair.append(element("dt", data.metrics[score[0]]), element("dd", score[1] + (score[2] ? " (" + score[2] + ")" : "")));
      list.append(pair);
    }
    made.append(head, said(sample.prompt < 0 ? null : data.texts[sample.prompt], "prompt"), said(sample.answer < 0 ? null : data.texts[sample.answer], "answer"), list);
    return made;
  }
  function show() {
    const row = data.rows[find("row").value], measure = find("measure").value;
    const wanted = ["unscored", "refused", "disagreement"].filter(f => find(f).checked);
    const found = row.samples.filter(s => wanted.every(f => s.flags.includes(f)) && (measure === "" || s.measures.includes(+measure)));
    first = Math.min(first, Math.max(0, Math.floor((found.length - 1) / page) * page));
    find("found").textContent = found.length === 0 ? "none of " + row.samples.length : (first + 1) + " to " + Math.min(first + page, found.length) + " of " + found.length;
    find("back").disabled = first === 0;
    find("next").disabled = first + page >= found.length;
    find("samples").replaceChildren(...found.slice(first, first + page).map(card));
  }
  for (const id of ["row", "measure", "unscored", "refused", "disagreement"]) {
    find(id).addEventListener("change", () => { first = 0; show(); });
  }
  find("back").addEventListener("click", () => { first = Math.max(0, first - page); show(); });
  find("next").addEventListener("click", () => { first += page; show(); });
  show();
}
