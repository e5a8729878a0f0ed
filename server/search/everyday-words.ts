/**
 * What people say, and behind the colon what tools say for it. Each line was read for what it would wrongly find. Those of the second list and after were written
 * by who had seen no query that anything is measured with: field by field of what tools do, the last one along the commonest words of tools.
 */
export const everydayWords = [
  `
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
footage clip: video audio recording
picture pic photo artwork logo: image photo
firm corporation employer vendor supplier competitor: company organization
boss coworker colleague teammate staff: user member employee
employee staff hire: employee user member
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
reimburse: refund
buy purchase bought: order purchase buy
sell sold: sale order sell
trade: order trade swap position
swap: swap exchange trade
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
child sub: subtask parent
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
bandwidth: traffic bandwidth usage network
speed: speed performance
throughput latency: metric
performance: metric
disk storage: disk storage
folder: directory folder
spreadsheet sheet pdf doc slide deck: file document
attach attachment: upload attach attachment file
pie plot: chart graph
headline article story: news article
rain snow sunny storm wind umbrella: weather forecast
temperature: weather temperature
train bus subway: transit station departure train
arrive arrival: departure arrival schedule
listen hear: play audio
song album: track song music
film movie: movie video series
scannable: qr code
link address: url link
site website homepage: website site page domain
kick ban throw block: kick ban remove disconnect block suspend freeze
join: join member invite
quit: leave
thumbs upvote applaud: reaction react
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
isolated: sandbox
convert turn transform: convert transform
plain: text
latest newest recent lately: recent latest list
past previous earlier former: history historical
many much total: count total statistics
biggest largest most best: top
rising rise grow grew trend: growth trend
doing: analytics insight report metric performance statistics
morale mood happiness feeling: health sentiment survey
survey poll questionnaire: survey form poll
submission filled: submission response form
agreement: contract agreement document
signature signed: sign signature
applicant candidate recruit: candidate applicant application
hire: job candidate
vacancy: job
vacation holiday pto absence: leave holiday time off absence
absent: absence leave
salary wage pay payroll: payroll salary compensation
complaint: ticket case issue
unsigned: signature pending
duty shift standby: oncall schedule shift
slow slowest longest: latency duration trace performance
hour hours timesheet: time entry timesheet
lesson: course lesson
exam: quiz test exam
grade: grade score
medicine medication pill: drug medicine
near nearby around closest: nearby search location place
located: location address find
route directions: directions route
far: distance
parcel shipment delivery shipping shipped: shipment tracking delivery package
stock inventory: inventory stock
dish meal dessert food: menu item recipe food
discount promo voucher: coupon discount promotion
basket: cart
live: live realtime
hole: vulnerability security
hack attack: threat attack security
ad advert advertising promotion: ad campaign
newsletter: campaign newsletter email
said spoken: transcript
minutes: notes transcript
chat conversation discussion talk: message conversation thread chat
room space group: channel room group
bio: profile status
handbook policy guideline: document page
written wrote: document page note message
tone: style tone
reword rephrase rewrite: rephrase rewrite
light lamp thermostat: device light
coin crypto: token coin
mint: mint create
step steps: step plan
compliance audit: compliance audit
phone: device
app application: app application
belongs: owner
engagement activity: activity engagement
subscription membership: subscription plan
renew renewal: renew subscription
churn churned: subscription cancel
onboard onboarding: user employee member onboarding
agenda: event meeting calendar agenda
standup: meeting
proposal estimate offer: quote estimate proposal offer
canned boilerplate standard: macro template canned
automatic automatically whenever: trigger automation rule workflow
warehouse: inventory location warehouse
chargeback: dispute
deposit: payout balance
vat: tax
receipt: receipt invoice
reimbursement: expense
bank: bank account transaction
episode: podcast episode
blocker: blocked issue
backlog epic story: issue epic backlog
changelog: release changelog
uptime: status monitor uptime
cpu ram: metric memory cpu
reboot: restart
ssl: certificate
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
cell: row cell range sheet
cohort segment audience: segment list audience cohort
conversion funnel: funnel conversion
pageview visit: pageview traffic visit
country region: location country region
ingredient cook: recipe ingredient
workout exercise jog: activity workout exercise
euro dollar: currency exchange rate
explain: explain describe
stuck pending: pending waiting status
received: list received new
chase: reminder
print: export pdf
submit: submit create
signoff: approve approval
teammate: member user
profile: profile user
customer: customer contact
investigate analyze diagnose: analyze diagnose logs metrics
each all: list all
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
`,
  // At the office: people, money, customers, papers.
  `
maternity paternity parental: leave time off
bereavement compassionate sabbatical furlough: leave absence
ill illness unwell flu: sick leave absence
dentist: appointment event calendar
resign resignation: termination offboarding employee
sacked: terminate termination employee
layoff: termination employee
leaver: offboarding termination employee
offboard: termination deactivate offboarding
joiner starter newbie rookie: onboarding employee user
induction: onboarding
probation: employee employment
bonus: compensation payroll
remuneration stipend: compensation salary
payday: payroll pay
deduction withholding: payroll tax
pension superannuation 401k: benefit payroll
perk: benefit
insurance dental: benefit
accrue accrual: leave balance
cv: resume candidate applicant
jobseeker interviewee: candidate applicant
interview: candidate interview
interviewer: interview user
shortlist: candidate stage
scorecard: interview feedback evaluation
recruitment recruiter: job candidate applicant
headhunt headhunter: candidate job
appraisal: performance review
okr kpi: goal objective metric
ambition: goal objective
kudos shoutout praise: recognition feedback
boss supervisor: manager
subordinate: employee manager report
orgchart: organization employee manager
hierarchy: organization structure parent
squad crew: team
division dept: department
freelancer freelance: contractor
apprentice trainee: employee user
contractor: worker employee
ceo cfo founder: contact person title
birthday: birth date contact
roster rota: schedule shift
overtime: time entry timesheet
stopwatch: timer time entry
timekeeping: timesheet time entry
handover handoff: assign transfer
attrition: termination employee report
workforce personnel: employee
wfh: work location
webinar seminar: webinar event course
workshop: event session course
tutorial: course article
elearning coursework: course training
pupil: student
grievance gripe: complaint case ticket
deal: opportunity
client: account
partner: account company
reseller affiliate: partner
salesperson salesman: owner user sales
merchant seller: vendor store
wholesaler distributor manufacturer: supplier vendor
rolodex phonebook acquaintance: contact
stakeholder: contact member
pitch: proposal presentation
upsell: opportunity deal
enquiry inquiry: lead ticket message
outreach: campaign sequence email
drip nurture cadence: sequence campaign
enrol: enroll add
dedupe: duplicate merge
crm: contact deal lead
territory: region
sector: industry
headquarters hq: company location address
followup: task reminder activity
helpdesk: ticket support
angry upset furious annoyed: ticket sentiment
unhappy dissatisfied frustrated: satisfaction sentiment ticket
unanswered: open pending reply
unresolved unsolved: open pending status
unclaimed: unassigned
unassigned: assignee
reopen: open status update
urgency: priority
csat nps: satisfaction survey score
troubleshoot: diagnose
workaround: solution article
chatbot: bot agent
livechat: conversation chat
advisor adviser: agent user
junk: spam
phishing scam: spam fraud security
fraud fraudulent: dispute risk fraud
mailshot eblast: campaign email
unsubscribe optout: unsubscribe subscription suppression
optin: subscribe contact
blacklist blocklist: suppression block
whitelist: allow
recipient: contact recipient
reach: impression contact
roi roas: campaign performance insight
ctr cpc cpm: campaign insight metric
flyer leaflet pamphlet brochure: design template
poster banner: design image template
branding: brand design
blurb tagline slogan: description text
wording copywriting: text content
seo: keyword ranking search
giveaway contest raffle: promotion campaign
influencer: creator profile user
vlogger: channel video
utm: campaign link
budget: spend
retarget remarket: audience ad
lookalike: audience
demographic: audience insight
retweet repost reshare: share repost retweet
dm: direct message
hashtag: tag
reel tiktok: video media
newsfeed timeline: feed post
troll: block comment
viral: trending popular
unfriend: unfollow connection remove
nickname alias: username name
username: profile user account
avatar headshot selfie: profile photo image
emoji emoticon smiley: reaction emoji
gallery carousel: media image photo
testimonial: review
bookkeeping bookkeeper accountant: accounting ledger transaction
ledger: journal account entry
pnl: profit loss report
profit: income report
cashflow: cash flow report
creditor: payable vendor bill
debtor: receivable customer invoice
receivable: invoice balance
payable: bill vendor
arrears: overdue unpaid balance
settle: payment pay
remit remittance: payment
instalment installment: payment plan schedule
wire: transfer payment
topup: balance credit
wallet: balance
iban bic: bank account
reconcile reconciliation: bank transaction match
annul rescind: void cancel
mileage: expense
po: purchase order
procure procurement: purchase order vendor
requisition: purchase request order
dunning: overdue invoice reminder
autopay: recurring payment subscription
gst levy: tax
irs hmrc: tax
fee surcharge: charge amount price
proforma: invoice estimate
prepaid prepay upfront: deposit payment
overpaid: credit refund
overcharged: refund charge dispute
cheque: payment check
payer: customer
payee: recipient vendor
unbilled: invoice time entry
donate donation donor: donation payment
tier: plan price
pricelist: price product
mrr arr: revenue subscription metric
depreciate depreciation: asset
laptop macbook: asset device
sterling yen: currency exchange
merchandise merch: product item
catalogue: catalog product
variation: variant
barcode: sku product
restock replenish: inventory stock update
backorder preorder: order inventory
courier postage freight: shipping shipment carrier
consignment: shipment
despatch: fulfillment shipment
fulfil: fulfillment order
shop storefront webshop: store
abandoned: cart checkout
category: collection
bestseller: top sales product
stockroom storeroom depot: warehouse location inventory
stocktake: inventory count
postcode: address postal zip
clearance bargain: discount sale price
faulty damaged defective: return refund
wishlist: favorite list
retail retailer: store product
gift: gift card
esign autograph countersign: sign signature
signatory signee: signer recipient
signer: recipient
paperwork: document form
nda msa sow: contract agreement document
lease tenancy: contract agreement
clause: contract text
addendum: amendment document
lapse expiry: expire expiration renewal
redline: compare change suggestion
consent: approval signature
waiver: form document signature
legal: contract
paragraph passage: text block
bullet: list block
memo: note document message
letter essay manuscript: document
writeup whitepaper: document report
worksheet: sheet spreadsheet
pivot: pivot table
csv tsv: export import file
gdoc: google document
gsheet: google spreadsheet
docx: word document
xls xlsx: excel workbook spreadsheet
ppt pptx keynote: presentation slide
slideshow: presentation slide
scribble notepad: note
diary: calendar event
intranet: wiki page site
sop playbook runbook: document page procedure
guide manual: article document page
bold italic font underline: format text style
typeface: font typography
highlight: annotation format
version: revision
bin rubbish: trash delete
shred nuke: delete
organise organize tidy: organize move folder label
declutter: archive delete
hide unhide: visibility
circulate: share send
collaborator collaborate: share permission member
unshare: permission remove revoke
readonly: permission view
lock: protect permission
confidential: private permission
subpage: child page
checklist: task item todo
takeaway: summary action item
brainstorm: board idea note
unarchive: restore
fwd: forward
cc bcc: recipient
unopened: unread
mailbox: email folder
autoresponder autoreply: automatic reply vacation
announce announcement broadcast: post message channel
unsend retract: delete message
videocall videoconference conference: meeting call
huddle catchup: meeting event
organiser: organizer host
meetup: event
rsvp: respond attendee invitation response
turnout attendance: attendee participant
clash overlap: conflict busy availability
busy: availability
unavailable: availability busy
repeat: recurring recurrence
fortnightly biweekly: recurring schedule
livestream: live broadcast video
spoke: call conversation
boardroom: room
consultation: appointment meeting booking
timetable: schedule calendar
itinerary: trip schedule
homework: assignment task
checkpoint: milestone
phase: stage milestone
kanban: board
swimlane: column board
programme: project
gantt roadmap: timeline project milestone
workload: task assignee capacity
delegate allocate: assign
reassign: assign assignee update
prerequisite: dependency
unfinished incomplete ongoing: open status progress
progress: status
eta: due date delivery
cutoff: deadline due
effort: estimate
prioritise prioritize: priority
dormant idle: inactive
registrant entrant: registration attendee
vote ballot: poll vote
dropdown checkbox: field option
feedback opinion: feedback survey review
intake: form submission
gig concert festival: event
expo tradeshow: event
venue: location
admission: ticket
panelist: speaker participant
waitlist: registration attendee
canvas: board design
artboard: frame
moodboard: board image
sketch prototype: design
mindmap: diagram board
flowchart: diagram
arrow: connector
circle rectangle triangle oval: shape
palette: color style
colour: color
crop: image resize
greenlight: approve approval
veto: reject
consolidate: merge combine
analyse: analyze
categorise categorize: category label
finalise finalize: complete approve
visualise: chart visualize
synchronise: sync
`,
  // Software and machines, and life outside the office.
  `
codebase: repository code
contributor committer coder programmer: contributor author user
reviewer: review reviewer request
regression: bug issue regression
glitch hiccup: bug issue error
flaky: test failure flaky
compile recompile: build compile
rebuild: build trigger run
rerun: retry run job
redeploy: deploy deployment restart
hotfix bugfix: fix branch release
trunk mainline: branch main
snippet: code snippet
readme: file content repository
module dependency: package dependency
framework sdk: library documentation
outdated: version dependency package
vulnerable cve exploit: vulnerability advisory security
leaked: secret exposed security
linter linting: lint check
typecheck: type diagnostics check
traceback stacktrace: error exception stack trace
troubleshoot debug: diagnose debug logs error
prod production preprod: environment deployment production
blame: blame author commit
approver: approval reviewer
postmortem: incident report postmortem
retro retrospective: sprint report
velocity burndown: sprint report
bot robot: bot agent
server: host instance server
workload: pod deployment
offline unreachable unavailable inaccessible: status health connectivity
unhealthy: health status
laggy lag sluggish slowness: latency performance
spike surge: metric anomaly alert
unusual abnormal outlier: anomaly detect
suspicious fishy shady: suspicious security alert
pager: incident oncall alert
acknowledge ack: acknowledge alert incident
silence hush: silence mute alert
threshold: alert rule threshold monitor
telemetry: metric trace log
consumption utilization utilisation: usage metric
capacity: usage quota limit capacity
hogging: usage process memory cpu
autoscale: scale replica
replica: replica scale
terminal: command execute terminal
bash powershell: command shell execute
script: script execute run code
crontab: cron schedule job
timer: timer time
firewall: firewall rule security
nameserver subdomain: dns domain record
registrar: domain registration whois
expire expiry expiration: expiration expire renew
tls: certificate ssl
cdn: cache zone
lambda serverless: function
apikey: api key token credential
vpn wifi ethernet: network
router modem: network device
infra infrastructure: resource cluster infrastructure
provision: create instance resource
upgrade: update upgrade version
downgrade: version rollback
drain evict: drain node
ipad chromebook tablet printer: device asset
iphone smartphone handset: device mobile
hardware equipment gadget: asset device inventory
helpdesk servicedesk: ticket request
stolen: device lock wipe
locked lockout: lock unlock account
intrusion breach compromised hijacked: security incident alert
malware virus infected ransomware: threat malware scan
phishing scam: phishing threat url
antivirus: endpoint scan threat
passkey 2fa totp: mfa factor authentication
sso saml: authentication application identity
logout signout: session revoke logout
admin administrator superuser: role admin permission
squad crew department division: team group
privilege entitlement: permission role access
leaver: user deactivate
username nickname: user profile name
forbidden denied unauthorized: permission access denied
tenant: tenant organization
dataset: dataset table
postgres: postgresql database
mongo: mongodb collection
truncate: delete table
migrate: migration move
prefill: insert fill
deduplicate: duplicate merge
ddl: schema table
crosstab: pivot table
tally: count aggregate total
sum: sum aggregate calculate
lakehouse: warehouse table catalog
nosql: database collection document
lookalike similar: similar related search
retention: retention cohort
abandon dropoff: funnel conversion
objective: goal objective target
scorecard: dashboard report
dau mau: active user metric
referrer: source traffic
serp: keyword ranking search
rank ranking: ranking position
predict prediction prognosis: forecast predict
popularity: trend popular
benchmark: compare benchmark performance
automate autopilot: automation workflow trigger
zap: workflow automation
integrate: connect integration
synchronize: sync
plugin addon connector: integration plugin extension
payload: webhook event data
reattempt resubmit redo: retry rerun
internet: web search
tap: click
popup: dialog
screengrab screencap: screenshot capture
dropdown: select option
textbox: input form fill
button: click element button
chrome firefox safari: browser
rss: feed news
subreddit: reddit post
scholar scientist academic: author paper research
thesis dissertation preprint manuscript: paper publication article
literature: paper publication search
bibliography: citation reference
invention inventor: patent
statute legislation regulation: law legislation legal
lawsuit court verdict judge: case court opinion
lawyer attorney solicitor: legal law
congress parliament senator lawmaker: legislation bill vote
illness disease symptom diagnosis: disease condition medical
doctor physician: provider patient medical
hospital clinic: health facility patient
prescription dosage: drug medication
molecule chemical: compound chemical
dna genome: gene sequence
define: definition dictionary
encyclopedia encyclopaedia: wikipedia article
calculate compute arithmetic: calculate math
percentage percent: calculate percentage
equation: solve math equation
census: population demographic
clock: time timezone
commute: route transit duration
bike bicycle: cycling route
mile kilometre kilometer: distance
jam congestion: traffic
itinerary journey: trip itinerary travel plan
trip getaway: travel trip
gps latitude longitude: coordinates geocode location
postcode zipcode: postal code address
altitude: elevation
landmark sightseeing attraction: place attraction
neighbourhood neighborhood: area location
fly plane airplane aeroplane: flight
airfare: flight price
layover stopover: flight
motel hostel resort lodge: hotel accommodation
taxi cab rideshare: ride
tram metro ferry: transit station departure
timetable: schedule departure
delay: delay status
petrol diesel gasoline: fuel price station
chilly humid: temperature weather
jacket coat raincoat: weather forecast
hurricane tornado typhoon flood: weather alert
thunder hail fog cloudy drizzle: weather forecast
sunrise sunset dusk: sunrise sunset astronomy
smog pollution pollen: air quality
quake: earthquake
tide: tide marine
celsius fahrenheit: temperature convert
dinner lunch breakfast supper: meal recipe restaurant
eat dine: restaurant food
cafe diner bistro pizzeria: restaurant place
takeaway takeout: restaurant order delivery
bake: recipe
grocery supermarket: shopping list product
calorie carb: nutrition food
diet vegan vegetarian keto: diet recipe nutrition
beer wine cocktail: drink
pantry fridge leftover: ingredient recipe
allergy allergic gluten: allergen ingredient
marathon swim hike: activity workout
gym lifting: workout exercise
heartbeat pulse: heart rate
slept nap: sleep
tired fatigue: recovery sleep
gamer: player game
fixture: match schedule
football soccer basketball baseball: match team league
odds likelihood: probability odds market
bet wager gamble: odds market bet
dice: random roll
spawn: create object
prefab sprite texture: asset scene
mixtape: playlist
singer musician rapper: artist
louder quieter: volume
gig: event concert
radio: station
spotify: music track playlist
tv television: tv series show
flick cinema: movie
actor actress: cast person movie
novel paperback ebook: book
writer: author
isbn: book
verse scripture: verse bible
journalist: news article
rumor rumour buzz hype: news sentiment trending
sketch paint illustrate: image generate
selfie portrait headshot: photo image avatar
thumbnail icon: image icon
shrink: resize compress
enlarge sharpen: upscale image
blurry: image upscale
flyer leaflet brochure: design image template
meme: gif image
webcam: camera
handwriting handwritten: ocr text
animate: video generate animation
splice trim: trim video clip
influencer: channel user
livestream broadcast: stream live
dictate dictation: transcript speech
narrate narration voiceover: speech voice text
pronounce pronunciation: speech pronunciation
speak aloud: speech voice
spanish french german italian japanese chinese portuguese korean russian arabic: language translate
localise localize: translate localization
holdings investment invest: portfolio position
investor shareholder: ownership investor
nasdaq dow: index market stock
candle candlestick ohlc: historical price candle
profit loss: profit loss
mortgage loan: loan mortgage interest rate
inflation gdp unemployment economy: economic indicator data
wallet: wallet address balance
btc: bitcoin price
eth: ethereum balance
blockchain onchain: chain block transaction
memecoin altcoin shitcoin: token
valuation: market cap value
brokerage: account order position
rupee peso franc: currency exchange
gold oil: commodity price
election: vote market
apartment condo villa: property listing
rent landlord: rental property lease
realtor: agent property
career: job
coursework: assignment
learner: student
teacher professor tutor: instructor course
tutorial: guide documentation course
flashcard: card deck
lecture: course lesson
syllabus curriculum: course
college university: school
heating heater aircon radiator: climate temperature device
dim brighten: light brightness
blind curtain shutter: cover
hoover roomba: vacuum
bulb lightbulb: light
doorbell: camera
electricity watt: energy power
kitchen bedroom hallway: room area
appliance: device
peek glance: view get
hunt seek pinpoint: search find
hide: hide archive visibility
nuke obliterate axe: delete destroy
relocate: move transfer
mirror: copy sync
retitle relabel: rename update
append: add insert append
shorten: shorten url
condense tldr: summarize
outline: outline structure summary
clarify elaborate: explain describe
versus vs: compare
scrutinize: review
proofread: grammar check review
arrange: schedule organize
unpause: resume
retract: cancel withdraw
announce announcement: send message announcement
memorize memorise: memory store
recall: memory retrieve
babysit: monitor
nag: reminder
assess gauge: evaluate score
classify categorise categorize: classify label category
annotate: annotation comment
anonymize anonymise mask: redact
scramble: encrypt hash
decipher unscramble: decode decrypt
fake dummy: mock test generate
prettify beautify tidy: format
unzip unpack: extract archive
concatenate stitch: merge combine
urgent asap critical: priority severity urgent
important: priority
nearest: nearby search
inactive dormant idle unused: inactive unused
chronology timeline: timeline history
culprit: cause analyze
whereabouts: location
brainstorm: idea generate
quarantine: isolate
cleanup prune: delete cleanup
`,
  // By the words of tools.
  `
craft devise concoct: create compose
prepare produce: create generate
assemble: build compose merge
scaffold bootstrap: create setup template
built: build create
reuse reusable: template copy
scour comb sift rummage: search filter
examine: inspect analyze review
recognise recognize: identify detect
choose chose chosen: select
oversee supervise administer: manage monitor admin
overhaul rework: update modify
customise tailor: customize configure
optimise: optimize performance
normalise standardise: normalize format
strip: remove
omit: exclude remove
replicate: copy duplicate
dupe: duplicate
unify amalgamate: merge combine
reinstate revive salvage resurrect: restore recover
undelete: trash
backwards: reverse
skim: summarize
rundown lowdown roundup: summary overview report
essence: summary key points
verbatim: transcript exact
outcome: result status
excerpt: text snippet extract
chapter: section
skeleton: structure outline template
dossier: document profile report
handout: document file
cheatsheet walkthrough howto: guide reference documentation
instruction: guide documentation
advice: recommendation guidance
hint: suggestion help
glossary terminology jargon: definition term
vocab vocabulary: dictionary word definition
teach taught: course lesson
trivia riddle: quiz question
puzzle: game
multiply divide subtract: calculate math
algebra calculus geometry trigonometry: math solve
fraction: math number
ballpark guesstimate: estimate
approximate roughly: estimate
foresee anticipate: forecast predict
proportion: ratio percentage
worst lowest fewest: bottom minimum low
highest peak: maximum high top
leaderboard scoreboard: ranking score top
alphabetical: sort order
inch ounce kilo kilogram litre gallon teaspoon centimetre centimeter: unit convert
pound: currency weight convert
metre: meter distance unit
gigabyte megabyte terabyte gb: storage size
length: duration size
shorter: shorten reduce
smaller: resize reduce compress
bigger: resize increase scale
tall: height
measure: metric dimensions
faster fastest: speed performance
cheaper cheapest pricey affordable: price cost low
oldest: sort date history
newer: latest new version
newly: recent new
busiest: traffic peak usage
warmer colder hotter cooler hottest coldest warmest: temperature weather
brighter darker: brightness
snag hitch hurdle obstacle: issue blocker
bottleneck: performance latency trace
complain moan: complaint ticket case
broke botched: error failure
bogus genuine legit: verify validate
awaiting: pending status
outstanding: pending open
vacant vacancy: available availability
spare: available free
overbooked: availability calendar conflict
addressee: recipient email
outbox: sent email
unsolicited unwanted spammy: spam
scratchpad: note text
pester poke: reminder notification
upcoming: scheduled future events
yearly: annual recurring
quarterly: quarter recurring
regularly routinely: recurring schedule
countdown: timer date
anniversary: date event reminder
wedding ceremony gala reunion celebration: event calendar
christmas easter thanksgiving: holiday date
wife husband mom mum dad girlfriend boyfriend: contact
buddy pal: friend contact
talent: candidate
staffing: hiring employee schedule
patron clientele: customer
startup agency: company
charity nonprofit ngo: organization donation
committee: group member
rival: competitor company
vc backer: investor funding
fundraiser fundraising: donation funding campaign
takeover buyout merger: acquisition company
borrow lend lent lender: loan
debt: loan balance overdue
buck quid: price amount currency
quotation: quote estimate
overspend overspent: budget cost
spending: budget transaction
cashback: refund reward
withdrawal: payout transfer transaction
debited: transaction charge
fedex dhl usps: shipping tracking carrier
upkeep repair: maintenance fix
battery: power device status
cellphone landline: phone number
vcard: contact export
loophole: vulnerability security
gdpr: consent privacy compliance
soc2 hipaa: compliance audit
cctv surveillance: camera
restricted: permission access private
hidden: private visibility
incognito: private anonymous
regex wildcard: pattern search
epoch: timestamp unix convert
exif: metadata image
gibberish garbled: decode encoding
behaviour: behavior
centre: center
worldwide: global
widget: component dashboard
uml schematic blueprint: diagram
erd: diagram schema
histogram heatmap scatterplot: chart
infographic: design chart image
wallpaper backdrop: background image
retouch airbrush: edit image
copyedit: edit grammar
logo: brand
mp3 wav: audio file
mp4 mov avi: video file
jpg jpeg: image file
printable: pdf export
multimedia: media
manga: anime
trailer teaser: preview video movie
etf: fund stock
bullish bearish: sentiment trend indicator
overbought oversold: rsi indicator
momentum: indicator trend
choppy turbulent: volatility
vibe optimistic pessimistic: sentiment
equation: formula
vlookup: formula spreadsheet
buzzword: keyword
habit: pattern behavior activity
atm pharmacy bakery playground: place nearby
plumber electrician barber hairdresser: business nearby search
blizzard heatwave frost muggy monsoon pouring: weather forecast
rainfall snowfall: precipitation weather
sunburn sunscreen: uv weather
luggage baggage: flight
boutique: store shop
aim: goal objective
choice: option decision
mull ponder: thinking reasoning
snap: capture photo screenshot
nationwide: country
refill: order inventory
logon: login authentication
footage: media
screencast: video recording capture
moderator: admin comment review
printout: pdf document export
hardcopy: print document
postage: label
tracker: tracking monitor
handpick curate: select collection
tardy: late attendance
nutshell crux: summary overview
skim: read summary
abstract: summary
lineup: list schedule
bump: update increase
reload: refresh
overhaul revamp: update design
redesign makeover: design theme update
restyle: style format theme
figures: data statistics report
noon: time
genre: category type
undertaking: project
material: content document
duties: task role
expunge chuck toss: delete remove
obsolete deprecated: outdated version archive
quantity: count amount inventory
petition plea: request
customise customize: settings customize preference
hyperlink: url link
conjure: generate create
journal: note entry
unearth uncover: find search
scour comb rummage: search find
scout: search find
misplaced mislaid: find search
achieve accomplish: complete goal
begin began begun commence: start
kickstart: start trigger
dialogue: conversation
street residence: address location
sample: example preview
costly: price cost
affordable: cheap price
cheapest: lowest price compare
cheaper: price compare
priciest dearest: highest price
peruse: read
ceiling: limit maximum
throttle: rate limit
restrict curb: restriction limit permission
startup agency: company organization
institution: organization
workmate: employee user
telephone: phone call
hotline: phone number
facetime: video call
tabulate grid: table
county province: region state
premises: location site
png: image
photograph wallpaper: image photo
doodle cartoon: image generate
graphic: image design
appoint entrust: assign
fresh: latest new
provenance: source
dissect: analyze inspect
crunch: analyze calculate
delve probe: investigate analyze search
stash: save store
altogether overall: total summary
shelf: stock inventory
enclosed: attachment
overdraft overdrawn: balance account
mastercard amex: card payment
reposition shove: move
backstory: context history
profession: job title
software: application package
mandarin cantonese dutch swedish danish norwegian finnish turkish hindi hebrew ukrainian vietnamese: language translate
bilingual multilingual: language translation
yardstick: benchmark metric
surf: browse web
tactic: strategy plan
blueprint: schema template plan
lowest smallest fewest: minimum least
preset readymade: template
vlog: video
worst: lowest rating
confused: explain
eli5 layman: explain
criteria: rule filter condition
qa: test quality
shut: close
looming approaching: upcoming due
surveillance: monitor camera
mishap accident: incident
crisis disaster meltdown: incident outage
dozens hundreds: bulk batch multiple
loud noise: volume audio
mothball shelve: archive
typical: average
distinct: unique
feet gram pint: unit convert
pound: currency unit convert
equivalent: convert similar
hr: employee human resources
overspend overspent splurge: budget spend expense
critique: review feedback
eyeball: review
visual visually: chart visualize
stale: cache refresh outdated
gizmo: device
esign countersign: envelope
debt: liability loan balance
obligation: liability
footnote: citation reference
screen: display screenshot
finance fiscal: financial
succeed succeeded: success status
inbound: incoming received
abroad overseas: travel country international
bucks: currency amount
vesting: equity ownership
legitimate: verify
hoax bogus: verify fraud
expertise knowhow: knowledge skill
hangout: place search
bottleneck: blocker performance
holdup hindrance: blocker issue
overhead outlay: expense cost
pertinent: relevance related
shade hue tint recolor: color
shopping: product purchase cart
acquire: purchase
advice advise: recommend suggestion
tips: recommendation guide
propose: suggest create
inspiration: idea recommendation
sitcom: tv series
documentary: movie tv
netflix: movie tv
substitute: replace
streamline: optimize improve
enhance: improve
boost: increase improve
taxman deductible: tax
1099 w2: tax form
pomodoro: timer
wake: alarm
fastest quickest shortest: duration route
prior: previous
mend rectify: fix
remedy: fix solution
underway: progress
touchpoint: communication activity
slice: segment filter
niche: segment industry
chunk: split
athlete footballer goalkeeper quarterback: player team
emulate emulator: simulator
pretend mimic: simulate mock
margin: profit
misspelled: spelling correct
proportion fraction: percentage calculate
appraise: evaluate
inject: insert
nation nationality: country
chatgpt: llm model
wellbeing: health
alike resemble: similar
danger dangerous hazard: risk
unsafe risky: risk security
pitfall: risk issue
cargo haul: shipment freight
telework telecommute: remote
hobby pastime: interest activity
synonym thesaurus: word dictionary
footfall: traffic visitor
gridlock: traffic
sunshine icy: weather forecast
breeze breezy: wind weather
scorching sweltering: temperature weather
picnic barbecue: weather forecast
retirement: pension benefit
soundtrack: audio
microphone mic: audio recording
overrule: override
commission toll: fee
hipaa: compliance privacy
town downtown municipality: city location
abusive abuse harassment bully: moderation report
offensive inappropriate profanity swearing nsfw: moderation
undelivered undeliverable: bounce delivery
waste wasteful: unused cost optimization
resurrect revive reinstate: restore reactivate
proof: evidence verification
debate forum: discussion
workplace: office location
showstopper dealbreaker: critical blocker
disregard: ignore
passport: identity document
impersonate: user identity
cruise roadtrip: travel trip
flourish thrive: growth trend
reroute divert: redirect forward
earmark: allocate budget
upskill: training course
discrepancy: difference compare
automobile truck van lorry: vehicle car
ev: charging station
tube: station train
concentrate: focus
rehearse rehearsal: test simulate
smartwatch fitbit: activity device health
unsold: inventory stock
undecided: pending status
unfilled vacant: job open
unpublished: draft
unsent: draft pending
untagged unlabelled: tag label
uncategorized unsorted: category
dupe: duplicate merge
backfill: insert migrate
`,
].join("");
