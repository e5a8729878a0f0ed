// What several words say together that they do not say alone: "up for grabs" is unassigned.
import { term, words } from "./analyzer.ts";

/** Each line was read for what it would wrongly find. What stands behind the colon is looked for beside the words themselves. */
export const expressions = `
a bunch of: bulk multiple
a few rows: sample preview
about to run out: expiring low stock
accidentally deleted: restore trash recover
accounts payable: bills vendors
accounts receivable: unpaid invoices
acting up: error issue
action item: task
ad copy: ad text
add together: sum calculate
add up: calculate sum
address book: contacts
agree to: accept approve
all done: completed
all hands: meeting event
am i allowed: policy permission
am i free: availability calendar
another word for: synonym
any good: reviews rating
any ideas: suggestions recommend
any left: availability stock remaining
any news on: status
anyone can see: public permission access
anything new: latest recent updates
apart from: exclude filter
apply for: application request
are we allowed: policy permission
are you free: availability
around here: nearby places
around the corner: upcoming
as it happens: live realtime
as soon as: trigger automation notification
as soon as possible: urgent priority
ask to join: invite
at a glance: overview summary dashboard
at no cost: free
at random: random select
back and forth: conversation thread
back out: cancel withdraw
back out of: cancel withdraw
background on: research information profile
balance sheet: balance sheet financial report
bank holiday: public holidays
bank statement: bank transactions
behind schedule: overdue late
best bits: highlights summary
best deal: price discount
big picture: overview summary
bird's eye view: overview summary
boil down: summarize
book off: leave request
bought out: acquisition
breaking news: latest news
brief me: summary
bring forward: reschedule event
bring on board: onboard employee
bring over: import migrate
broken down by: group breakdown aggregate
bump up: increase priority
burn through: usage spend
bus stop: station transit departure
business card: contact
by car: driving directions route
by hand: manual
by when: due date deadline
call to action: button link
called in sick: sick leave absence
came out: release date
can i make with: recipe ingredients
can't come: decline invitation
can't get in: login access
can't get into: login access
can't make it: decline cancel
card on file: payment method
carry out: execute run
carry over: copy move
cash flow: cash flow statement report
cash out: withdraw payout
catch up on: summary recent messages
catch up with: schedule meeting
cell phone: phone number mobile
chain of command: manager hierarchy
charged twice: refund duplicate charge
chart of accounts: accounts list
cheat sheet: reference guide
check off: complete task
churn out: generate
claim back: reimbursement expense
clean slate: reset clear
clear out: delete
clock in: start time entry
clock out: stop time entry
code changes: commits diff
cold email: email outreach campaign
coming from: source
coming out: upcoming release
coming up: upcoming events
cover letter: job application candidate
credit card: card payment method
cross off: complete task
crunch the numbers: calculate analyze statistics
cut costs: cost optimization savings
dark mode: theme settings
day look like: calendar events schedule
days until: date difference
deep dive: research analyze details
deleted by accident: restore trash recover
deleted by mistake: restore trash
dial in: join meeting
did i miss: unread messages activity
did i tell you: memory recall
did my money go: spending transactions expenses
didn't go through: failed status
didn't work: failed error
different name: rename
direct debit: payment mandate
direct reports: employees of manager
divide up: split allocate
do away with: delete
do not disturb: presence status snooze
doesn't work: error troubleshoot
doing the books: accounting ledger
don't forget: reminder
don't let me forget: reminder
don't need anymore: delete archive
don't recognise: dispute fraud
don't recognize: dispute fraud
double booked: calendar event conflict
double charged: refund duplicate charge
double check: verify
down payment: deposit
draw up: create draft document
drill down: filter detail
drop a line: send message
drops below: threshold alert
drum up: marketing campaign
dry run: preview validate
dumb down: simplify explain
each time: trigger automation
earlier draft: revision version history
earlier version: version history restore
eating up: usage
email blast: email campaign
every other week: recurring schedule
every so often: recurring schedule
every time: trigger automation
everyone can see: public sharing
everything except: exclude filter
everything working: health status
fact check: verify search sources
fastest way to get to: route directions
fell through: lost deal
find a time: availability schedule
find my phone: device location
find out why: investigate diagnose
find work: job search
fine print: terms contract
five star: rating review
flag up: escalate notify
flick through: browse
flip a coin: random coin
follow up: task reminder
for future reference: note save
for later: save
for sale: listings products
forgot my password: reset password
fork out: spend payment
form letter: template letter
free trial: subscription trial
front page: top stories
game plan: plan strategy
get a hold of: contact phone email
get back to: reply
get done: complete tasks
get hold of: contact phone email
get into my account: login password reset
get my head around: explain
get on the phone: call
get paid: payout payment invoice
get the word out: publish campaign post
get there: directions route
get together: meeting event
give a shout: send message
give it another go: retry
give the ok: approve
go on holiday: travel trip
go over the: review
goes above: threshold alert
goes below: threshold alert
going down: decrease trend
going to happen: predict forecast
going up: increase trend growth
gone missing: lost find
good deal: price discount
google it: web search
got back to: reply
got fired: terminated employee
grab a bite: restaurant search
green light: approve
grouped by: group aggregate
guest list: attendees guests
hand in: submit
handed in notice: employee termination
hang up: end call
happening in the world: news
hard copy: print export pdf
hasn't arrived: shipment tracking delivery
have a look at: view get
haven't heard from: last activity follow up
haven't read: unread
haven't replied: unread reply
haven't seen: unread
heads up: notify message
hear back: reply
heard back: reply
heard from: messages received
high level: overview summary
highly rated: rating top
hire a car: car rental
hop on a call: meeting call
hourly rate: compensation pay rate
hours ahead: timezone
hours worked: timesheet time entries
how are we doing: performance report metrics
how big: size
how cold is it: temperature weather
how did we do: performance report metrics
how do i get to: directions route
how do i reach: contact phone email
how do you say: translate
how does it work: explain documentation
how far along: status progress
how far away: distance
how far is: distance
how fast: speed performance latency
how hot is it: temperature weather
how it will look: preview
how it works: explain documentation
how large: size
how long: duration
how long ago: date history
how long does it take to get: travel time duration route
how long is the drive: route duration
how long until: date
how many are left: stock inventory remaining
how many times: count occurrences
how many words: word count
how much are: price cost
how much does it cost: price
how much is: price
how much is in: balance
how much is left: remaining balance quota
how much money: balance amount
how much space: storage usage size
how much we made: revenue sales report
how often: frequency count
how old: age created date
how well: performance metrics
ideas for: suggestions recommendations
in a few sentences: summarize
in a few words: summary
in a nutshell: summary
in layman's terms: explain simple
in one shot: bulk batch
in plain english: explain summarize
in simple terms: explain simplify
in stock: inventory level
in the area: nearby places
keep me in the loop: notify subscribe
in the red: negative balance loss
into english: translate
is everything ok: health status
is it true: verify fact check
is my money going: spending transactions
job title: role position title
join together: merge combine
joined the company: hire date employees
jump on a call: meeting call
just the ones: filter
keep a copy: backup copy
keep a record of: log store
keep in mind: memory store
keep me posted: notify subscribe
keep me updated: notification subscribe
keep private: private permission
keep secret: private
keep tabs on: monitor track
keep to myself: private
keep up with: follow track updates
key points: summary
kick out: remove member revoke
knock together: create
learn how to: documentation course guide
leave a review: create review
leave out: exclude filter
leaving the company: termination offboarding employee
left the company: terminated employee offboarding
left to do: open tasks
let everyone know: announcement post message channel
let in: grant access permission
let others: share permission
let the team know: post message channel
let them see: share permission
like i'm five: explain simple
like this one: similar
line of business: industry
link up: connect integration
listed twice: duplicate
live chat: chat conversation
lock down: restrict permission security
locked out: unlock account reset password
log in to: login authentication
log my hours: time entry
log my time: time entry
log out: logout session
login details: credentials password
long story short: summary
look and feel: style theme
look around: browse explore
look it up: search lookup
look online: web search
look out for: monitor alert
look over: review
look through: browse search
loop in: share add participant
lose weight: nutrition exercise weight
losing money: loss profit
meeting minutes: notes transcript
mailing list: audience list subscribers
main points: summary
make better: improve
make bigger: resize scale
make it better: improve
make it bigger: resize
make it smaller: resize compress
make it sound: rewrite tone
make sense of: analyze explain
make smaller: resize compress
make time for: schedule event
making money: profit revenue
map out: plan
mark as done: complete status transition
maxed out: quota limit usage
mix up: shuffle random
mock up: design create
money coming in: income revenue payments
money going out: expenses spending transactions
money left: balance budget
money off: discount
month over month: compare trend growth
most pressing: priority urgent
move money: transfer funds
move over to: migrate
moved house: address update
much did we make: revenue sales
much do i have: balance
much have we made: revenue sales
my day look: calendar events schedule
my stocks: portfolio positions
my week look: calendar events schedule
narrow down: filter search
never arrived: delivery shipment tracking
new starter: new employee onboarding
next of kin: emergency contact
next song: skip next track
next steps: action items tasks
nice out: weather
no longer need: delete archive
no longer works here: deactivate user terminate employee
no show: absent attendee
not including: exclude
not responding: timeout health status
not working: error issue status
note to self: create note reminder
number crunching: calculate analyze statistics
off limits: restricted permission
off sick: sick leave absence
old version: version history revision
on a regular basis: recurring schedule
on call: oncall schedule
on foot: walking directions
on hold: pause pending
on holiday: time off absence
on its own: automatic
on its way: shipment tracking
on my screen: screenshot
on the internet: web search
on the rise: trend growth
on the shelf: stock inventory
on the web: web search
on track: progress status
once a day: daily recurring schedule
once a month: monthly recurring schedule
once a week: weekly recurring schedule
one more time: retry
one on one: meeting event
only the ones: filter
opening times: opening hours place
opt out: unsubscribe
org chart: organization employees managers
other than: exclude filter
out loud: text to speech
out of date: outdated version
out of pocket: expense reimbursement
out of space: storage disk usage
out of stock: inventory stock level
over budget: budget spend
over time: trend history
packing list: checklist
paid back: reimbursement refund
paper copy: print export pdf
paper trail: audit log history
pass along: forward share
pass it on to: forward message
past due: overdue invoice
past few: recent
patch notes: release notes changelog
pay as you go: usage billing plan
pay off: payment balance
pay raise: salary compensation
pay rise: salary compensation
pencil in: create calendar event
people are saying: mentions sentiment
people i manage: direct reports manager
per day: daily
percent off: discount
petty cash: expense
pick a winner: random select
piling up: backlog queue pending
place to eat: restaurant search
place to stay: hotel accommodation
places to see: attractions places
plan b: alternative
plane tickets: flight search
playing up: error issue
post it note: sticky note
potential clients: leads prospects
potential customers: leads prospects
power down: stop shutdown
power off: shutdown stop
power on: start
power up: start
previous version: version history restore
profit and loss: profit loss report
proof of payment: receipt payment
proof of purchase: receipt
pros and cons: compare evaluate
pull out: extract
push live: deploy publish
push to production: deploy
put in for: request
put money in: deposit balance
put on hold: pause
put online: publish upload
put out a: publish post
quick version: summary
quickest way to get to: route directions
read aloud: text to speech
read it out: text to speech
read later: bookmark save
read to me: text to speech
read up on: search articles documentation
real or fake: verify
real person: human agent
red flag: warning risk alert
refresh my memory: search history summary
rely on: dependency
remind me later: snooze reminder
rent a car: car rental
return on investment: performance revenue
road trip: route travel
roll up: aggregate summary
root cause: analyze cause
rough idea: estimate
round trip: flight return
rubber stamp: approve
rule out: exclude filter
run again: rerun retry
running costs: expenses cost
running late: delay overdue
runs out: expiration low stock
sales pipeline: deals opportunities stage
sanity check: validate
save for later: bookmark favorite save
save money: cost savings optimization
save over: overwrite replace
save the date: event invitation
say about us: mentions reviews
say no to: decline reject
say yes to: accept approve
second opinion: review
sells best: top sales products
send it back: return refund
send money: transfer payment
server is down: outage status health
service is down: outage status health
shoot an email: send email
short version: summary
shorter version: summarize shorten
show me how: guide documentation
showed interest: leads
shows up twice: duplicate
shut up: mute
side by side: compare
side effects: drug adverse reactions
sign in: login authentication
sign out: logout session
sign ups: new users registrations subscribers
since last time: changes diff
site is down: outage status health
slice and dice: segment filter analyze
small print: terms contract
so i don't forget: reminder note
something to read: book recommendation
something to watch: movie series recommendation
somewhere to eat: restaurant search
somewhere to stay: hotel accommodation
sort out: resolve fix
speak to someone: human agent contact
special offer: discount promotion
speed up: optimize performance
spell check: spelling grammar
spending limit: budget limit
split test: experiment variants
split the bill: split expense
split the cost: split expense
spot check: verify review
spread the word: publish share post
squeeze in: schedule availability
stack up: compare
standing order: recurring payment
start from scratch: reset create new
start over: reset restart
stay on top of: monitor track
step by step: guide workflow steps
still valid: expiration
stop emailing: unsubscribe
stop getting: unsubscribe mute notifications
stop getting emails: unsubscribe
stop paying for: cancel subscription
stop receiving: unsubscribe
stop sending: unsubscribe
stopped working: error outage
sum up: summarize
surprise me: random recommendation
swap out: replace
switch over to: migrate
table for two: restaurant reservation
table of contents: outline headings
take a look at: view get
take a picture: capture photo camera
take me off: unsubscribe remove
take offline: disable stop unpublish
take over: transfer assign
take the place of: replace
taken care of: completed resolved
takes forever: slow latency performance
taking so long: slow latency performance
talk to a person: human agent
talk to each other: connect integration
tax return: tax filing form
teach me: explain documentation course
tell everyone: announcement post message channel
terms and conditions: terms policy
the go ahead: approve
the way it was: restore revert
these days: recent
think it through: thinking reasoning steps
think through: thinking reasoning steps
thumbs down: reject dislike
tick off: complete task
time difference: timezone
time does it close: opening hours place
time sensitive: urgent priority deadline
time spent: time entries worklog
to do list: task list
get to the bottom of: investigate diagnose root cause
too long to read: summarize
too many requests: rate limit
top up: add balance credit
touch base: meeting message
touch up: edit image
trial run: test
trim down: reduce shorten
try again: retry
try out: test
tune in: live stream play
turn in: submit
turn it down: volume decrease
turn it up: volume increase
two factor: mfa authentication
type up: create document
under the weather: sick leave absence
under way: in progress
up and running: status health
up for grabs: unassigned
up to date: latest version
up to the minute: live realtime
used to look like: version history
used up: usage quota
voice note: audio message
wake me up: alarm
walk me through: guide explain steps
walking distance: nearby distance
wall street: stock market
was let go: terminated employee
watch out for: monitor alert
website is down: outage status health
weed out: filter remove
week look like: calendar events schedule
week over week: compare trend
weekend away: trip hotel travel
weigh up: compare evaluate
what am i doing: calendar events schedule
what changed: diff changes history
what customers think: feedback reviews sentiment
what day is it: current date
what did we discuss: meeting notes transcript
what do people think: reviews sentiment
what does it mean: explain definition
what does it say: read content
what happened to: status history
what i missed: summary recent unread messages
what i worked on: worklog activity time entries
what is wrong with: diagnose error troubleshoot
what it looks like: screenshot preview
what it's about: summary
what people are saying: sentiment mentions posts
what people think: reviews sentiment
what should i: recommendation
what should i wear: weather forecast
what time is it: current time
what to cook: recipe
what to watch: movie series recommendation
what was said: transcript
what we talked about: conversation transcript
what's been happening: activity history
what's different: diff compare
what's going on with: status
what's happening with: status latest
what's it about: summary
what's it like outside: current weather
what's new: latest changes
what's next: next upcoming
what's that in: convert
what's the word for: translate dictionary
what's this about: description summary
what's up with: status
what's wrong with: error diagnose
when can we meet: availability
when is the next: upcoming schedule
where am i: current location
where are we at: status progress
where are we on: status progress
where are we with: status progress
where can i buy: product search store
where can i find: search find
where can i get: place store search
where did i put: search find
where did i save: search files
where do we stand: status
where is my order: order tracking status
where is my package: shipment tracking
where's my order: order tracking
where's my package: shipment tracking
which is better: compare
which one is better: compare
which should i: recommend compare
while i was away: unread messages activity
while i was out: unread messages activity
whip up: generate create
who added: audit log history
who bought: customers orders
who broke: blame commit author
who called: call log caller
who can make it: attendees availability
who changed: history author audit
who created: creator author
who deleted: audit log history
who did what: audit log activity
who is coming: attendees
who is handling: assignee owner
who is off: absence leave
who is working on: assignee
who owns: owner assignee
who reports to: direct reports manager
who sent: sender message
who started: creator author
who touched: history author audit
who was there: attendees participants
who won: match score result
who's away: absence leave
who's coming: attendees
who's going: attendees
who's handling: assignee owner
who's off: absence leave
who's out: absence leave
who's winning: live match score
who's working on: assignee
whose number: phone lookup
without me having to: automation workflow
won't be there: decline invitation absence
won't load: error
won't make it: decline cancel
won't open: error
won't start: error logs
won't work: error troubleshoot
word for word: transcript exact text
word of mouth: referral
work out how much: calculate
working from home: remote work location
works at: company employees people
works for us: employee
worth it: reviews price compare
worth seeing: attractions recommendation
worth watching: movie recommendation
wrap up: complete close
wrap up a meeting: end meeting
write back: reply
write off: void credit note
wrote back: reply
year on year: annual growth compare
year over year: compare growth
`;

const stemOf = (word: string) => term(word) ?? word;

/** Two words are compared as they are written ("in stock" is not "in stocks"), more of them in any form. */
const keyOf = (written: readonly string[]) => (written.length === 2 ? written : written.map(stemOf)).join(" ");

const meanings = new Map<string, string>();
/** How many words the longest has that begins with a stem: most words begin none. */
const longestFrom = new Map<string, number>();
for (const line of expressions.trim().split("\n")) {
  const [said = "", meant = ""] = line.split(": ");
  const written = words(said);
  const first = stemOf(written[0] ?? "");
  longestFrom.set(first, Math.max(longestFrom.get(first) ?? 0, written.length));
  meanings.set(keyOf(written), meant);
}

/**
 * What the expressions in a text want, in the words of tools; empty where it has none. Of those that begin at the same word the longest counts, and none
 * goes on behind the end of a clause.
 */
export function meaningsOfExpressions(text: string): string {
  const found: string[] = [];
  for (const clause of text.split(/[.,;:?!()]/)) {
    const said = words(clause);
    for (let from = 0; from < said.length - 1;) {
      let count = Math.min(longestFrom.get(stemOf(said[from] ?? "")) ?? 0, said.length - from);
      let meant: string | undefined;
      for (; count > 1 && meant === undefined; count -= 1) meant = meanings.get(keyOf(said.slice(from, from + count)));
      if (meant !== undefined) found.push(meant);
      from += meant === undefined ? 1 : count + 1;
    }
  }
  return found.join(" ");
}
