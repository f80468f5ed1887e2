// How a note becomes an entry of CHANGELOG.md: its own words, with no commit and no name.
module.exports = {
  getReleaseLine: async (/** @type {{ summary: string }} */ { summary }) =>
    `- ${summary.trim().replaceAll("\n", "\n  ")}`,
  getDependencyReleaseLine: async () => "",
};
