// What people say, and what tools say for it. One way only: who looks for "the gist" wants a summary, who looks for a summary does not want a gist.
import { term } from "./analyzer.ts";

/** Each line was read for what it would wrongly find: the words before the colon stand for those behind it. */
const lines = `
remark feedback mention: comment
reply answer respond response: reply comment message response
otp: verification code
ping nudge: notify message mention
text sms: message sms
mail inbox: email mail message
write jot compose: create note draft
tweak amend revise correct adjust fix: update edit modify
wipe erase discard scrap ditch clear: delete remove
grab pull scrape crawl harvest: get extract fetch scrape
obtain: get fetch
gist recap overview brief synopsis digest: summary summarize
recording footage clip: video audio recording
picture pic photo artwork logo snapshot: image photo
firm corporation employer vendor supplier competitor: company organization
boss manager coworker colleague teammate staff: user member employee
employee worker staff hire: employee user member
person people somebody someone everyone folk: user member contact person
guest viewer audience: user visitor viewer
visitor: visitor traffic user session
traffic: traffic visitor session
buyer shopper client: customer
lead prospect: lead contact
opportunity sale: deal opportunity
bill: invoice bill
owe owed unpaid overdue outstanding: invoice unpaid overdue balance
pay paid payout: payment transaction pay
spend spent expense cost charged: cost billing usage expense spend
earn earned income turnover revenue: revenue income balance
money cash fund: balance payment amount revenue
refund reimburse: refund
buy purchase bought: order purchase buy
sell sold: sale order sell
trade: order trade swap position
swap exchange: swap exchange trade
worth: price value
expensive cheap: price cost
meeting call appointment: event meeting calendar
invite invitation: invite invitation event
free slot available: availability free busy
book reserve: booking reservation book create
reschedule postpone: update move event
night nightly daily weekly hourly recurring: schedule cron recurring
remind: reminder notify
chore errand: task todo
tick finish finished done: complete close done
responsible owner: assign assignee owner
defect problem trouble: issue bug error
request: request issue
child parent sub nested: subtask parent
deadline: due date
sprint iteration: sprint cycle iteration
alarm warning warn: alert alarm notification warning
notified: notification alert
outage incident downtime: incident status health
broken crash failing failed failure fail: error fail failure
callback: webhook callback
login signin: authentication login session
newcomer registered signup: user register registration
confirm: verify verification confirm
password passcode: password credential
permission right allowed allow: permission access grant role approve
machine box computer: host server device vm machine
bandwidth: traffic bandwidth usage network
speed: speed performance
rate throughput latency: metric rate
performance: performance metric
disk storage: disk storage
folder: directory folder
spreadsheet sheet pdf doc slide deck: file document
attach attachment: upload attach attachment file
paste: insert
graph pie bar plot: chart graph
headline article story: news article
rain snow sunny storm wind umbrella: weather forecast
temperature: weather temperature
train bus subway: transit station departure train
depart leave arrive arrival: departure arrival schedule
listen hear: play audio
song album: track song music
film movie series: movie video series
scannable: qr code
link address: url link
site website homepage: website site page domain
kick ban throw block: kick ban remove disconnect block suspend freeze
join: join member invite
quit: leave
thumbs upvote applaud: like reaction react
bookmark favorite favourite: bookmark star favorite save
share sharing: share permission
publish: publish upload post
rearrange sequence reorder sort order: order reorder priority sort position
recover undelete lost: restore recover
rollback revert: revert rollback restore
combine: merge combine
break breakdown: split expand decompose
idea: plan project
difference differ changed: diff compare change
mistake typo: lint error validate
verify validate check: validate check verify
safe isolated: sandbox
convert turn transform: convert transform
plain: text
latest newest recent lately: recent latest list
past previous earlier former: history historical
many much total: count total statistics
biggest largest most best: top
rising rise grow grew trend: growth trend
performing doing: analytics insight report metric performance statistics
morale mood happiness feeling: health sentiment survey
survey poll questionnaire: survey form poll
submission filled: submission response form
agreement: contract agreement document
signature signed: sign signature
applicant candidate recruit: candidate applicant application
hire: job candidate
job vacancy opening: job
vacation holiday pto absence: leave holiday time off absence
absent: absence leave
salary wage pay payroll: payroll salary compensation
complaint: ticket case issue
unsigned: signature pending
duty shift standby: oncall schedule shift
slow slowest longest: latency duration trace performance
hour hours timesheet: time entry timesheet
lesson class training: course lesson
exam test: quiz test exam
grade mark: grade score
medicine medication pill: drug medicine
near nearby around closest: nearby search location place
where located: location address find
route directions drive: directions route
far: distance
parcel shipment delivery shipping shipped: shipment tracking delivery package
stock inventory: inventory stock
dish meal dessert food: menu item recipe food
discount promo voucher: coupon discount promotion
basket: cart
ship: deploy release
live: live realtime deploy production
log logs: log
hole security: vulnerability security
severe severity: severity
hack attack: threat attack security
ad advert advertising promotion: ad campaign
newsletter: campaign newsletter email
click clicks opened: statistics analytics
said spoken: transcript
minutes: notes transcript
chat conversation discussion talk: message conversation thread chat
room space group: channel room group
about bio: profile bio status
handbook policy guideline: document page
written wrote: document page note message
kind sort: type
tone: style tone
reword rephrase rewrite: rephrase rewrite
light lamp thermostat: device light
coin crypto: token coin
mint: mint create
step steps: step plan
compliance audit: compliance audit
device phone: device
app application: app application
owner belongs: owner
logged: log activity engagement
engagement activity: activity engagement
subscription membership: subscription plan
renew renewal: renew subscription
churn churned: subscription cancel
onboard onboarding offboard: user employee member onboarding
agenda: event meeting calendar agenda
standup: meeting
proposal estimate offer: quote estimate proposal offer
canned boilerplate standard: macro template canned
automatic automatically whenever: trigger automation rule workflow
warehouse: inventory location warehouse
returned: return refund order
chargeback disputed: dispute
deposit: payout balance
vat: tax
receipt: receipt invoice
reimbursement: expense
bank: bank account transaction
episode: podcast episode
blocked blocker: blocker blocked issue
backlog epic story: issue epic backlog
changelog: release changelog
toggle: flag feature toggle
uptime: status monitor uptime
cpu ram memory: metric memory cpu
reboot: restart
ssl https: certificate
backup: backup snapshot
spelling grammar: grammar check
deactivate suspend: deactivate suspend disable
seat licence: license seat
escalate: escalate assign priority
satisfaction rating stars: rating review satisfaction
faq knowledge: article knowledge document
voicemail: call phone voicemail
whiteboard sticky: board note
mockup wireframe: design frame file
zip compress: archive compress
cell row: row cell range sheet
cohort segment audience: segment list audience cohort
conversion funnel: funnel conversion
pageview visit: pageview traffic visit
country region: location country region
ingredient cook: recipe ingredient
workout exercise jog: activity workout exercise
euro dollar: currency exchange rate
explain: explain describe
stuck pending waiting: pending waiting status
received: list received new
chase: reminder
print: export pdf
submit: submit create
approve signoff: approve approval
teammate: member user
profile: profile user
customer: customer contact
investigate analyze diagnose: analyze diagnose logs metrics
every each all: list all
average: mean average
phone dial ring: call
outgoing: outbound
cite: citation reference
remember: memory
flow: workflow flow
rep: agent user
drag: move
draw: draw chart visualize generate
caption: caption subtitle transcript
hot: trending popular
paycheck payslip: payroll salary
sick: leave absence
late: overdue late
headcount: employee count
bounced: bounce delivery
transcribe: transcript speech
increase raise: increase scale update
reduce lower decrease: decrease scale update
abort: cancel stop
refuse decline: reject deny decline
mute snooze: mute snooze disable
attendee participant: attendee participant guest invitee
voice spoken: voice speech audio
`;

/** Weight of a word that stands for another. */
const weight = 0.45;

function table(): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const found = new Map<string, Map<string, number>>();
  const termsOf = (words: string) => words.split(" ").flatMap((word) => term(word) ?? []);
  for (const line of lines.trim().split("\n")) {
    const [said = "", meant = ""] = line.split(": ");
    for (const from of termsOf(said)) {
      const known = found.get(from) ?? new Map<string, number>();
      found.set(from, known);
      for (const to of termsOf(meant)) if (to !== from) known.set(to, weight);
    }
  }
  return found;
}

const meanings = table();

/** Terms that tools use for a term that people use, with their weights (0 to 1). */
export function meaningsOf(known: string): ReadonlyMap<string, number> | undefined {
  return meanings.get(known);
}

const chatter = new Set(
  `now today tonight yesterday tomorrow week month year day morning last next recently currently soon later again already still ever never really actually maybe
   quickly back thing stuff something anything someone somebody anyone everybody nobody sure okay ok right go goes going went gone come came coming got take takes took
   put give gives tell say says know happen happened keep try trying quick there here way bit lot only even always often left between over under since until during
   out off away together
   before after ago entire whole whole exactly simply really somewhere anywhere properly safely`
    .split(/\s+/)
    .filter(Boolean),
);

/** Words that fill a sentence: they say little of which tool is meant. */
export function isChatter(word: string): boolean {
  return chatter.has(word);
}
