// Sets the theme before the first paint: the stored choice, else the device's. Load it in <head>, blocking.
(function () {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  function stored() {
    try { return localStorage.getItem("theme"); } catch { return null; /* storage may be blocked */ }
  }
  function show() {
    document.documentElement.dataset.bsTheme = stored() || (dark.matches ? "dark" : "light");
    document.dispatchEvent(new Event("themechange"));
  }
  dark.addEventListener("change", show);
  document.addEventListener("themechosen", show);
  show();
})();
