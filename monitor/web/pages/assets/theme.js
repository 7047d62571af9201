// Before anything is painted: the theme that was chosen, else the one of the system.
(() => {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    let chosen = null;
    try { chosen = localStorage.getItem("theme"); } catch { /* storage is off */ }
    document.documentElement.dataset.theme = chosen || (system.matches ? "dark" : "light");
  };
  system.addEventListener("change", apply);
  apply();
  window.switchTheme = () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", next); } catch { /* holds for this page */ }
    document.documentElement.dataset.theme = next;
  };
})();
