// The weights of the ranking apart from those of the fields.

/** What was found by trying on the tuning half of the public queries (docs/search.md). */
export const tuning = {
  saturation: 0.8,
  placeholder: 0.2,
  quoted: 0.5,
  number: 0.3,
  verb: 0.6,
  nameCoverage: 0.35,
  queryCoverage: 0.5,
  service: 0.35,
  context: 0.6,
  action: 0.15,
  wrongAction: 0.16,
  plural: 0.16,
  defaultRead: 0.05,
};
