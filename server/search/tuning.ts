// The weights of the ranking apart from those of the fields.

/** What was found by trying on the tuning half of the public queries; `expression` and `commonStandIn` also on those of our own that were read (docs/search.md). */
export const tuning = {
  saturation: 0.48,
  placeholder: 0.25,
  quoted: 0.5,
  number: 0.3,
  chatter: 0.5,
  expression: 0.5,
  asked: 0.128,
  commonStandIn: 0.03,
  rarityCap: 6,
  verb: 0.52,
  nameCoverage: 0.134,
  queryCoverage: 0.4,
  service: 0.45,
  context: 0.6,
  phrase: 0.2,
  action: 0.132,
  wrongAction: 0.16,
  command: 0.08,
  plural: 0.104,
  defaultRead: 0.03,
};
