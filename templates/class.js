"use strict";
{
  const table = document.getElementById("students");
  const head = table.tHead.rows[0];
  const body = table.tBodies[0];
  const find = document.getElementById("find");
  const only = document.getElementById("only");
  const shown = document.getElementById("shown");
  let people = Array.from(body.rows, (row, place) => ({ row, place, flags: ` ${row.dataset.flags ?? ""} ` }));

  const filter = () => {
    const text = find.value.trim().toLocaleLowerCase();
    const flag = only.value && ` ${only.value} `;
    let count = 0;
    for (const one of people) {
      one.name ??= Array.from(one.row.cells[0].querySelectorAll("bdi"), (part) => part.textContent.trim()).join(" ").toLocaleLowerCase();
      const hidden = !one.name.includes(text) || !one.flags.includes(flag);
      if (one.row.hidden !== hidden) one.row.hidden = hidden;
      count += !hidden;
    }
    say(count);
  };
  const say = (count) => {
    shown.textContent = shown.dataset.words.replace("{n}", count).replace("{all}", people.length);
  };

  // A mark's text begins with its number, in the page's language; a word has its place in data-sort.
  const value = (cell) => Number(cell.dataset.sort ?? parseFloat(cell.textContent.replace(",", ".")));

  const sort = (header) => {
    const column = header.cellIndex;
    const was = header.getAttribute("aria-sort");
    const ascending = was ? was !== "ascending" : column === 0;
    for (const other of head.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const sign = ascending ? 1 : -1;
    for (const one of people) one.key = column ? value(one.row.cells[column]) : one.place;
    people.sort((a, b) => sign * (a.key - b.key) || a.place - b.place);
    body.replaceChildren(...people.map((one) => one.row));
  };

  for (const header of head.cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = header.title;
    button.append(...header.firstElementChild.childNodes);
    header.replaceChildren(button);
  }
  head.cells[0].setAttribute("aria-sort", "ascending");
  head.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) sort(button.parentNode);
  });
  find.addEventListener("input", filter);
  only.addEventListener("change", filter);
  say(people.length);
  document.getElementById("tools").hidden = false;
}
