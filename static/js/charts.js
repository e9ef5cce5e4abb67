// Charts read their numbers from the table behind them (data-chart names its id; a cell's data-value wins over its text) and their colours from the tokens.
const token = (name) => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.className = `r-probe r-probe-${name}`; // resolves light-dark(), which getPropertyValue would not
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
};
const figures = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" });

function draw(canvas) {
  const table = document.getElementById(canvas.dataset.chart);
  const heads = [...table.querySelectorAll("thead th")].slice(1).map((th) => th.textContent.trim());
  const lines = [...table.querySelectorAll("tbody tr")].map((tr) => [...tr.cells]);
  const text = (cell) => cell.textContent.trim();
  const ink = token("ink-2"), grid = token("grid"), surface = token("raised"), strong = token("ink"), line = token("line");
  const letters = { family: "Inter", size: 13 };
  canvas.chart?.destroy();
  canvas.chart = new Chart(canvas, {
    type: "bar",
    data: {
      labels: lines.map((cells) => text(cells[0])),
      datasets: heads.slice(0, 2).map((label, i) => ({
        label, data: lines.map((cells) => Number(cells[i + 1].dataset.value)), backgroundColor: token(`chart-${i + 1}`), stack: "all",
        maxBarThickness: 28, borderRadius: i === Math.min(heads.length, 2) - 1 ? { topLeft: 4, topRight: 4 } : 0, borderSkipped: false,
      })),
    },
    options: {
      maintainAspectRatio: false, animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 300 },
      interaction: { mode: "index", intersect: false },
      plugins: {
        legend: { display: false },
        tooltip: { backgroundColor: surface, titleColor: strong, bodyColor: ink, borderColor: line, borderWidth: 1, padding: 12, boxPadding: 4,
          callbacks: { label: (item) => ` ${item.dataset.label}: ${text(lines[item.dataIndex][item.datasetIndex + 1])}` } },
      },
      scales: {
        x: { stacked: true, grid: { display: false }, border: { color: line }, ticks: { color: ink, font: letters, maxRotation: 0, autoSkipPadding: 12 } },
        y: { stacked: true, beginAtZero: true, border: { display: false }, grid: { color: grid }, ticks: { color: ink, font: letters, maxTicksLimit: 5, callback: (value) => figures.format(value) } },
      },
    },
  });
}
const drawAll = () => document.querySelectorAll("canvas[data-chart]").forEach(draw);
document.fonts.ready.then(drawAll);
document.addEventListener("themechange", drawAll);
