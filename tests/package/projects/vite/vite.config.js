/** @type {import("vite").UserConfig} */
export default {
  // No polyfill for old browsers: the page's script is also run where there is no document.
  build: { target: "es2022", modulePreload: { polyfill: false } },
};
