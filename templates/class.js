"use strict";
{
  const table = document.getElementById("students");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row) => ({
    row,
    name: Array.from(row.querySelectorAll("bdi"), (part) => part.textContent.trim()).join(" ").toLocaleLowerCase(),
    flags: " " + row.dataset.flags + " ",
    keys: Array.from(row.cells, (cell) => cell.dataset.sort),
  }));
  const find = document.getElementById("find");
  const only = document.getElementById("only");
  const shown = document.getElementById("shown");
  const inWords = new Intl.Collator(document.documentElement.lang, { numeric: true });

  const filter = () => {
    const text = find.value.trim().toLocaleLowerCase();
    const flag = only.value && " " + only.value + " ";
    let count = 0;
    for (const one of rows) {
      const hidden = !one.name.includes(text) || !one.flags.includes(flag);
      if (one.row.hidden !== hidden) one.row.hidden = hidden;
      count += !hidden;
    }
    shown.textContent = shown.dataset.words.replace("{n}", count).replace("{all}", rows.length);
  };

  const sort = (header) => {
    const column = header.cellIndex;
    const words = column === 0;
    const ascending = header.getAttribute("aria-sort") ? header.getAttribute("aria-sort") !== "ascending" : words;
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const sign = ascending ? 1 : -1;
    rows.sort((a, b) => sign * (words ? inWords.compare(a.name, b.name) : a.keys[column] - b.keys[column]));
    place();
  };

  // The rows in view at once, the others a few at a time: a click is answered before thousands of rows are laid out.
  let placing = 0;
  const place = () => {
    const turn = ++placing;
    const more = (from, to) => {
      if (turn !== placing) return;
      body.append(...rows.slice(from, to).map((one) => one.row));
      if (to < rows.length) setTimeout(more, 0, to, to + 250);
    };
    body.replaceChildren();
    more(0, 100);
  };

  for (const header of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.firstElementChild.childNodes);
    header.replaceChildren(button);
    button.addEventListener("click", () => sort(header));
  }
  find.addEventListener("input", filter);
  only.addEventListener("change", filter);
  document.getElementById("tools").hidden = false;
  filter();
}
