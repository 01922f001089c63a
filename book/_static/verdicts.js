/* A filter above the table of verdicts: by word and by verdict. Without it the table is whole. */
"use strict";
(() => {
  const table = document.querySelector("table.verdicts");
  if (!table) return;
  const rows = [...table.tBodies[0].rows];
  const verdictOf = (row) => row.cells[3].textContent.trim();
  const form = document.createElement("form");
  form.className = "verdict-filter";
  form.innerHTML = `<label>Search <input type="search"></label>
    <label>Verdict <select><option value="">all</option></select></label> <output></output>`;
  const [search, choice, told] = form.querySelectorAll("input, select, output");
  for (const verdict of new Set(rows.map(verdictOf))) choice.add(new Option(verdict));
  const show = () => {
    const word = search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !(row.textContent.toLowerCase().includes(word) && [verdictOf(row), ""].includes(choice.value));
      shown += !row.hidden;
    }
    told.textContent = `${shown} of ${rows.length} claims`;
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  (table.closest(".pst-scrollable-table-container") ?? table).before(form);
  show();
})();
