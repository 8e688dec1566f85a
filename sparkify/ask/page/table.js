// Sorts a table by a click on the head of a column, and shows only rows that hold what is typed above it.
"use strict";
(() => {
  const table = document.querySelector("table.sortable");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const text = (row, n) => row.cells[n].textContent.trim();
  const number = (value) => Number(value.replace(/,/g, ""));

  function sort(n, head) {
    const down = head.getAttribute("aria-sort") === "ascending";
    const numeric = head.classList.contains("n");
    const sign = down ? -1 : 1;
    const compare = (a, b) => {
      const [x, y] = [text(a, n), text(b, n)];
      if (x === "-" || y === "-") return (x === "-") - (y === "-"); // no value: last, whichever way
      return sign * (numeric ? number(x) - number(y) : x.localeCompare(y));
    };
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...[...rows].sort(compare));
  }

  [...table.tHead.rows[0].cells].forEach((head, n) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(n, head));
  });

  if (rows.length < 8) return;
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = `Search these ${rows.length.toLocaleString("en-GB")} rows`;
  search.setAttribute("aria-label", "Search the rows");
  search.addEventListener("input", () => {
    const wanted = search.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  table.closest("figure").prepend(search);
})();
